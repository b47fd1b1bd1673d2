create table partnership (
  id text collate "C" primary key,
  buyer_id text not null references organisation,
  seller_id text not null references organisation check (seller_id <> buyer_id),
  status text not null default 'active' check (status in ('active', 'suspended')),
  usage text not null default 'production' check (usage in ('production', 'test')),
  -- How a set that the buyer sends is known to be for this seller: {"by": "GS03" | "N1*VN" | "REF*IA", "value": "…"}.
  seller_recognition jsonb not null default '{}',
  -- Whose ISA/GS signs what goes out for each side: {"qualifier": "ZZ", "id": "…", "group": "…"}.
  buyer_identity jsonb,
  seller_identity jsonb,
  response_hours int not null default 24,
  -- What an 830 says in this partnership.
  forecast_purpose text not null default 'SALES_FORECAST' check (forecast_purpose in ('SALES_FORECAST', 'ORDER_FORECAST')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  version int not null default 1,
  unique (buyer_id, seller_id)
);
create index partnership_seller on partnership (seller_id);
select protect('partnership', 'trade');
-- Who trades with whom decides who sees what, so it is the operator's to say.
revoke insert, update, delete on partnership from accord_app;
grant update (version, updated_at) on partnership to accord_app; -- a side changes its channels

-- An organisation sees itself and those it trades with.
alter table organisation enable row level security;
alter table organisation force row level security;
create policy tenant on organisation for select to accord_app using (
  id = (select current_org())
  or exists (select 1 from partnership p where (p.buyer_id = organisation.id and p.seller_id = (select current_org()))
                                            or (p.seller_id = organisation.id and p.buyer_id = (select current_org()))));
create policy system on organisation to accord_system using (true) with check (true);
grant select on organisation to accord_app;
grant select, insert, update, delete on organisation to accord_system;

-- How one side receives one kind of document, and how strictly what it sends is judged.
create table partnership_channel (
  partnership_id text not null references partnership on delete cascade,
  organisation_id text not null references organisation,
  counterpart_id text not null references organisation,
  document text not null,
  channel text not null check (channel in ('x12', 'portal')),
  x12_version text not null default '004010',
  guide text,
  ack_detail text not null default 'set' check (ack_detail in ('set', 'group')),
  primary key (partnership_id, organisation_id, document)
);
select protect('partnership_channel', 'shared');

create table location (
  id text collate "C" primary key,
  organisation_id text not null references organisation,
  gln text,
  code text not null,
  name text not null,
  kind text not null check (kind in ('store', 'distribution_centre', 'plant', 'warehouse', 'office')),
  address jsonb not null default '{}',
  time_zone text,
  valid_from date not null default '2000-01-01',
  valid_to date,
  unique (organisation_id, code)
);
create index location_gln on location (gln);
alter table location enable row level security;
alter table location force row level security;
create policy tenant on location to accord_app using (
    organisation_id = (select current_org())
    or exists (select 1 from partnership p where (p.buyer_id = location.organisation_id and p.seller_id = (select current_org()))
                                              or (p.seller_id = location.organisation_id and p.buyer_id = (select current_org()))))
  with check (organisation_id = (select current_org()));
create policy system on location to accord_system using (true) with check (true);
grant select, insert, update, delete on location to accord_app, accord_system;

-- The seller's master. `packs` is the hierarchy above the base unit: [{"level": "case", "quantity": "12", "gtin": "…"}].
create table item (
  id text collate "C" primary key,
  organisation_id text not null references organisation,
  gtin text not null,
  name text not null,
  unit text not null default 'EA',
  packs jsonb not null default '[]',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  version int not null default 1,
  unique (organisation_id, gtin)
);
select protect('item', 'own');

-- An item as two partners trade it, with both sides' numbers.
create table partnership_item (
  id text collate "C" primary key,
  partnership_id text not null references partnership,
  buyer_id text not null references organisation,
  seller_id text not null references organisation,
  item_id text not null references item,
  gtin text not null,
  name text not null,
  unit text not null,
  pack_quantity numeric not null default 1,
  buyer_item text,
  seller_item text,
  unique (partnership_id, gtin)
);
create index partnership_item_buyer on partnership_item (partnership_id, buyer_item);
create index partnership_item_seller on partnership_item (partnership_id, seller_item);
select protect('partnership_item', 'trade');

create table price (
  id text collate "C" primary key,
  partnership_id text not null references partnership,
  buyer_id text not null references organisation,
  seller_id text not null references organisation,
  partnership_item_id text not null references partnership_item,
  price numeric not null check (price >= 0),
  currency text not null,
  unit text not null,
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  unique (partnership_item_id, valid_from)
);
select protect('price', 'trade');

-- Tolerances by rule, effective-dated; the most specific of item, partnership and default (null partnership) holds.
create table reconciliation_policy (
  id text collate "C" primary key,
  rule text not null,
  partnership_id text references partnership,
  buyer_id text,
  seller_id text,
  partnership_item_id text references partnership_item,
  settings jsonb not null,
  valid_from date not null,
  valid_to date,
  created_at timestamptz not null default now()
);
create index reconciliation_policy_rule on reconciliation_policy (rule, partnership_id, valid_from);
select protect('reconciliation_policy', 'trade');
