-- The header's state is derived from its lines. `document` is the canonical order as it stands; what it was before is in order_version.
create table purchase_order (
  id text collate "C" primary key,
  partnership_id text not null references partnership,
  buyer_id text not null,
  seller_id text not null,
  number text not null,
  release text not null default '',
  type text not null,
  order_date date not null,
  currency text not null,
  state text not null check (state in ('open', 'accepted', 'changed', 'rejected', 'partly_shipped', 'shipped', 'invoiced', 'cancelled')),
  respond_by timestamptz not null,
  ship_to text,
  ship_not_before date,
  ship_no_later date,
  delivery_requested date,
  cancel_after date,
  total_amount numeric not null,
  line_count int not null,
  version int not null default 1,
  document jsonb not null,
  channel text not null check (channel in ('x12', 'api', 'portal')),
  source_message_id text collate "C",
  source_ordinal int,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (partnership_id, number, release)
);
create index purchase_order_buyer on purchase_order (buyer_id, id desc);
create index purchase_order_seller on purchase_order (seller_id, id desc);
create index purchase_order_work on purchase_order (seller_id, respond_by) where state = 'open';
select protect('purchase_order', 'trade');

-- A response (open, accepted …) and a ledger of quantities, which move in parallel.
create table order_line (
  order_id text collate "C" not null references purchase_order,
  position int not null,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  line_number text not null,
  partnership_item_id text,
  gtin text,
  buyer_item text,
  seller_item text,
  description text,
  unit text not null,
  price numeric,
  price_basis text,
  response text not null default 'open' check (response in ('open', 'accepted', 'changed', 'rejected', 'backordered', 'cancelled')),
  price_confirmed numeric,
  promised_date date,
  quantity_ordered numeric not null,
  quantity_confirmed numeric not null default 0,
  quantity_shipped numeric not null default 0,
  quantity_received numeric not null default 0,
  quantity_invoiced numeric not null default 0,
  quantity_paid numeric not null default 0,
  quantity_cancelled numeric not null default 0,
  source_position int,
  primary key (order_id, position)
);
select protect('order_line', 'trade');

create table order_version (
  order_id text collate "C" not null references purchase_order,
  version int not null,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  document jsonb not null,
  replaced_at timestamptz not null default now(),
  replaced_by text not null,
  primary key (order_id, version)
);
select protect('order_version', 'trade');

-- What the seller answered, each time.
create table order_response (
  id text collate "C" primary key,
  order_id text collate "C" not null references purchase_order,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  sequence int not null,
  type text not null,
  document jsonb not null,
  channel text not null check (channel in ('x12', 'api', 'portal')),
  source_message_id text collate "C",
  source_ordinal int,
  actor text not null,
  created_at timestamptz not null default now(),
  unique (order_id, sequence)
);
select protect('order_response', 'trade');

create table shipment (
  id text collate "C" primary key,
  partnership_id text not null references partnership,
  buyer_id text not null,
  seller_id text not null,
  number text not null,
  state text not null check (state in ('shipped', 'cancelled')),
  ship_date date,
  estimated_delivery date,
  version int not null default 1,
  document jsonb not null,
  channel text not null check (channel in ('x12', 'api', 'portal')),
  source_message_id text collate "C",
  source_ordinal int,
  created_at timestamptz not null default now(),
  unique (partnership_id, number)
);
create index shipment_buyer on shipment (buyer_id, id desc);
create index shipment_seller on shipment (seller_id, id desc);
select protect('shipment', 'trade');

create table shipment_package (
  shipment_id text collate "C" not null references shipment,
  package text not null,
  parent text,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  type text not null check (type in ('pallet', 'carton')),
  sscc text,
  source_position int,
  primary key (shipment_id, package)
);
create index shipment_package_sscc on shipment_package (sscc);
select protect('shipment_package', 'trade');

create table shipment_line (
  shipment_id text collate "C" not null references shipment,
  position int not null,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  order_id text collate "C" references purchase_order,
  order_line_position int,
  order_number text not null,
  line_number text,
  package text,
  gtin text,
  buyer_item text,
  seller_item text,
  quantity numeric not null,
  unit text not null,
  source_position int,
  primary key (shipment_id, position)
);
create index shipment_line_order on shipment_line (order_id);
select protect('shipment_line', 'trade');

-- SSCC serial numbers by seller; taken with the shipment's own commit and never handed out again.
create table sscc_counter (
  organisation_id text primary key references organisation,
  last_serial bigint not null
);
select protect('sscc_counter', 'own');

create table invoice (
  id text collate "C" primary key,
  partnership_id text not null references partnership,
  buyer_id text not null,
  seller_id text not null,
  number text not null,
  type text not null check (type in ('invoice', 'credit')),
  invoice_date date not null,
  currency text not null,
  total numeric not null,
  order_id text collate "C" references purchase_order,
  order_number text,
  shipment_id text collate "C" references shipment,
  version int not null default 1,
  document jsonb not null,
  channel text not null check (channel in ('x12', 'api', 'portal')),
  source_message_id text collate "C",
  source_ordinal int,
  created_at timestamptz not null default now(),
  unique (partnership_id, number)
);
create index invoice_buyer on invoice (buyer_id, id desc);
create index invoice_seller on invoice (seller_id, id desc);
create index invoice_order on invoice (order_id);
select protect('invoice', 'trade');

create table invoice_line (
  invoice_id text collate "C" not null references invoice,
  position int not null,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  order_line_position int,
  line_number text,
  gtin text,
  quantity numeric not null,
  unit text not null,
  price numeric not null,
  amount numeric not null,
  source_position int,
  primary key (invoice_id, position)
);
select protect('invoice_line', 'trade');
