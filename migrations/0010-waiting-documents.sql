-- A document that speaks of an order, or of a change of one, that is not here: kept as it was said, and applied when that has come.
create table waiting_document (
  message_id text collate "C" not null,
  ordinal int not null,
  organisation_id text not null,      -- who sent it
  partnership_id text not null references partnership,
  buyer_id text not null,
  seller_id text not null,
  order_number text not null,
  set_id text not null,
  document jsonb not null,
  actor text not null,
  created_at timestamptz not null default now(),
  primary key (message_id, ordinal)
);
create index waiting_document_order on waiting_document (partnership_id, order_number);
select protect('waiting_document', 'trade');

-- What was shipped and invoiced of orders and lines that are not here, to be found when they come.
create index shipment_line_unplaced on shipment_line (partnership_id, order_number) where order_line_position is null;
create index invoice_unplaced on invoice (partnership_id, order_number) where order_id is null;
create index invoice_line_unplaced on invoice_line (partnership_id, invoice_id) where order_line_position is null;
