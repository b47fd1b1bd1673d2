-- What the buyer says arrived (861, or entered). The document is kept as it came; its lines are rows that find their order and
-- shipment, now or when those come.
create table receipt (
  id text collate "C" primary key,
  partnership_id text not null references partnership,
  buyer_id text not null,
  seller_id text not null,
  number text not null,
  type text not null,
  state text not null check (state in ('received', 'cancelled')),
  received_on date not null,
  -- As the document names them; what they turn out to be is in the lines.
  shipment_number text,
  order_number text,
  -- Whether every line has found its order line and shipment.
  linked boolean not null,
  version int not null default 1,
  document jsonb not null,
  channel text not null check (channel in ('x12', 'api', 'portal')),
  source_message_id text collate "C",
  source_ordinal int,
  actor text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (partnership_id, number)
);
create index receipt_buyer on receipt (buyer_id, id desc);
create index receipt_seller on receipt (seller_id, id desc);
create index receipt_unlinked on receipt (partnership_id) where not linked and state = 'received';
select protect('receipt', 'trade');

-- A line of the document, or its share of one order line when it is a whole carton or pallet (document_line says which).
create table receipt_line (
  receipt_id text collate "C" not null references receipt,
  position int not null,
  document_line int not null,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  order_id text collate "C" references purchase_order,
  order_line_position int,
  order_number text,
  line_number text,
  shipment_id text collate "C" references shipment,
  -- Version of the shipment when the line was found in it.
  shipment_version int,
  package text,
  sscc text,
  gtin text,
  buyer_item text,
  seller_item text,
  -- What arrived of the item in whatever condition; of it damaged and of bad quality. What came in its place is in wrong.
  quantity numeric not null,
  quantity_damaged numeric not null default 0,
  quantity_quality numeric not null default 0,
  quantity_wrong numeric not null default 0,
  quantity_short numeric not null default 0,
  unit text not null,
  source_position int,
  primary key (receipt_id, position)
);
create index receipt_line_order on receipt_line (order_id, order_line_position);
create index receipt_line_shipment on receipt_line (shipment_id);
create index receipt_line_waiting on receipt_line (partnership_id, order_number) where order_id is null;
select protect('receipt_line', 'trade');
