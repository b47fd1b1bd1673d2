-- One publication of one side. Every version is kept; the value of a cell is the latest published version that has it.
create table forecast (
  id text collate "C" primary key,
  partnership_id text not null references partnership,
  buyer_id text not null,
  seller_id text not null,
  source text not null check (source in ('BUYER', 'SELLER')),
  purpose text not null check (purpose in ('SALES_FORECAST', 'ORDER_FORECAST')),
  type text not null default 'TOTAL' check (type in ('BASE', 'PROMOTIONAL', 'SEASONAL', 'TOTAL')),
  version int not null,
  number text not null,
  issued_on date not null,
  horizon_start date not null,
  horizon_end date not null,
  point_count int not null,
  channel text not null check (channel in ('x12', 'api', 'portal')),
  source_message_id text collate "C",
  source_ordinal int,
  actor text not null,
  document jsonb not null,            -- the canonical document as sent, each series without its points
  digest bytea not null,              -- SHA-256 of what was published: the same feed twice is one version
  published_at timestamptz not null default now(),
  unique (partnership_id, source, purpose, type, version)
);
create index forecast_number on forecast (partnership_id, number);
create index forecast_buyer on forecast (buyer_id, id desc);
create index forecast_seller on forecast (seller_id, id desc);
select protect('forecast', 'trade');

create table forecast_point (
  forecast_id text collate "C" not null,
  position int not null,
  series int not null,                -- index into document.series
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  product text not null,              -- gtin when the item is known, else qualifier:value as sent
  location text not null default '',  -- gln or the partner's code; '' for all locations
  bucket_start date not null,
  bucket_end date not null,           -- inclusive
  timing text not null,               -- bucket: W week, M month, Q quarter, C day, D discrete, F flexible
  qualifier text not null default 'D',
  quantity numeric not null,
  unit text not null,
  source_position int,
  primary key (forecast_id, position)
) partition by range (forecast_id);
create table forecast_point_default partition of forecast_point default;
create index forecast_point_cell on forecast_point (partnership_id, product, location, bucket_start);
select protect('forecast_point', 'trade');

-- A finding that a person should see. The key makes a rerun update it; it closes by itself when it no longer holds.
create table exception (
  id text collate "C" primary key,
  organisation_id text not null,
  counterpart_id text,
  partnership_id text,
  rule text not null,
  code text not null,
  key text not null,
  severity text not null check (severity in ('info', 'warning', 'error', 'critical')),
  state text not null check (state in ('open', 'assigned', 'collaborating', 'proposed', 'resolved', 'auto_resolved', 'escalated', 'expired')),
  subject_kind text not null,
  subject_id text not null,
  summary text not null,
  compared jsonb not null,            -- {"expected": "100", "actual": "80", "difference": "-20", "tolerance": {...}}
  evidence jsonb not null,            -- [{"side": "buyer", "messageId": …, "set": 0, "segment": "PO1", "position": 7, "element": 2, "value": "100"}]
  money_at_risk numeric,
  currency text,
  holds boolean not null default true, -- whether the last run still found it
  assigned_to text,                   -- user id
  resolution text,
  resolved_by text,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  closed_at timestamptz,
  version int not null default 1,
  unique (organisation_id, key)
);
create index exception_organisation on exception (organisation_id, id desc);
create index exception_counterpart on exception (counterpart_id, id desc) where counterpart_id is not null;
create index exception_subject on exception (subject_id);
create index exception_partnership on exception (partnership_id, id desc);
select protect('exception', 'shared');

-- Called by every migrate step and every night: months ahead, so that a running hub never meets a month without a partition. It
-- runs as the owner of the tables, and only the system role may ask.
create function maintain_partitions(from_month date, months int) returns void
  language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '10s' as $$
begin
  perform ensure_partitions('message', 'msg', from_month, months);
  perform ensure_partitions('message_chunk', 'msg', from_month, months);
  perform ensure_partitions('functional_group', 'msg', from_month, months);
  perform ensure_partitions('message_set', 'msg', from_month, months);
  perform ensure_partitions('forecast_point', 'fct', from_month, months);
end $$;
revoke execute on function maintain_partitions(date, int) from public;
grant execute on function maintain_partitions(date, int) to accord_system;
do $$ declare d regclass; begin
  foreach d in array array['message_default', 'message_chunk_default', 'functional_group_default', 'message_set_default', 'forecast_point_default']::regclass[] loop
    execute format('alter table %s enable row level security', d);
    execute format('alter table %s force row level security', d);
  end loop;
end $$;
