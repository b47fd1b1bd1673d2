-- Every tenant table has row-level security forced. Three roles use the database:
--   accord_app     the organisation named in app.org, nothing else; owns nothing
--   accord_system  what runs before or across organisations: sign-in, key look-up, relay, sweep, operator's imports
--   accord_queue   BullMQ's own schema, nothing here
grant usage on schema public to accord_app, accord_system;

-- The organisation that this transaction works for; null when nobody said.
create function current_org() returns text language sql stable parallel safe
  as $$ select nullif(current_setting('app.org', true), '') $$;

-- One call per table: who sees a row. `own`: organisation_id. `shared`: organisation_id and, when set, counterpart_id.
-- `trade`: buyer_id and seller_id. Writers must be able to see what they write.
create function protect(t regclass, visibility text) returns void language plpgsql as $$
declare rule text; part regclass;
begin
  rule := case visibility
    when 'own' then 'organisation_id = (select current_org())'
    when 'shared' then '(organisation_id = (select current_org()) or counterpart_id = (select current_org()))'
    when 'trade' then '(buyer_id = (select current_org()) or seller_id = (select current_org()))'
  end;
  if rule is null then raise exception 'unknown visibility %', visibility; end if;
  execute format('alter table %s enable row level security', t);
  execute format('alter table %s force row level security', t);
  execute format('create policy tenant on %s to accord_app using (%s) with check (%s)', t, rule, rule);
  execute format('create policy system on %s to accord_system using (true) with check (true)', t);
  execute format('grant select, insert, update, delete on %s to accord_app, accord_system', t);
  -- Partitions are reached through their parent only: no grants and no policies of their own.
  for part in select inhrelid from pg_inherits where inhparent = t loop
    execute format('alter table %s enable row level security', part);
    execute format('alter table %s force row level security', part);
  end loop;
end $$;
revoke execute on function protect(regclass, text) from public;

-- Big tables are partitioned by the month in which their id was made: ids are <prefix>_<UUIDv7 in hex>, whose first twelve
-- digits are the millisecond. So the primary key can stay the id alone, and a look-up by id touches one partition.
create function id_bound(prefix text, at timestamptz) returns text language sql immutable strict
  as $$ select prefix || '_' || lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') $$;

create function ensure_partitions(parent regclass, prefix text, first_month date, months int) returns void language plpgsql as $$
declare m date; child text;
begin
  for i in 0 .. months - 1 loop
    m := (date_trunc('month', first_month) + make_interval(months => i))::date;
    child := format('%s_%s', parent, to_char(m, 'YYYYMM'));
    continue when to_regclass(child) is not null;
    begin
      execute format('create table %I partition of %s for values from (%L) to (%L)', child, parent,
        id_bound(prefix, m::timestamp at time zone 'UTC'), id_bound(prefix, (m + interval '1 month')::timestamp at time zone 'UTC'));
      execute format('alter table %I enable row level security', child);
      execute format('alter table %I force row level security', child);
    exception when check_violation then
      -- The default partition has rows of this month already, from a hub that nobody maintained: they stay there.
      raise notice '% keeps the rows of % in its default partition', parent, to_char(m, 'YYYY-MM');
    end;
  end loop;
end $$;
revoke execute on function ensure_partitions(regclass, text, date, int) from public;

create table organisation (
  id text collate "C" primary key,
  name text not null,
  kind text not null check (kind in ('retailer', 'manufacturer', 'supplier', 'distributor', 'logistics_provider', 'operator')),
  gs1_prefix text check (gs1_prefix ~ '^[0-9]{6,12}$'),
  gln text,
  currency text not null default 'USD',
  time_zone text not null default 'UTC',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- X12 qualifier + id pairs (GS codes have the qualifier GS). Given out by the operator, so unique over the hub.
create table organisation_identifier (
  id text collate "C" primary key,
  organisation_id text not null references organisation,
  qualifier text not null,
  value text not null,
  usage text not null check (usage in ('production', 'test')),
  unique (qualifier, value, usage)
);
select protect('organisation_identifier', 'own');
revoke insert, update, delete on organisation_identifier from accord_app;

create table app_user (
  id text collate "C" primary key,
  email text not null,
  name text not null,
  password_hash text not null,
  created_at timestamptz not null default now()
);
create unique index app_user_email on app_user (lower(email));

-- Failed sign-ins by the hash of the address, whether a user has it or not: a lock does not tell that somebody exists.
create table sign_in_attempt (
  email_hash bytea primary key,
  failed_attempts int not null default 0,
  last_at timestamptz not null default now(),
  locked_until timestamptz
);
alter table sign_in_attempt enable row level security;
alter table sign_in_attempt force row level security;
create policy system on sign_in_attempt to accord_system using (true) with check (true);
grant select, insert, update, delete on sign_in_attempt to accord_system;

create table membership (
  id text collate "C" primary key,
  organisation_id text not null references organisation,
  user_id text not null references app_user,
  role text not null check (role in ('viewer', 'planner', 'order_manager', 'edi_operator', 'administrator')),
  created_at timestamptz not null default now(),
  unique (organisation_id, user_id)
);
create index membership_user on membership (user_id);
select protect('membership', 'own');

-- Passwords are read by the system role only; the app role sees who its own colleagues are.
alter table app_user enable row level security;
alter table app_user force row level security;
create policy tenant on app_user for select to accord_app
  using (exists (select 1 from membership m where m.user_id = app_user.id and m.organisation_id = (select current_org())));
create policy system on app_user to accord_system using (true) with check (true);
grant select (id, email, name, created_at) on app_user to accord_app;
grant select, insert, update, delete on app_user to accord_system;

-- The cookie holds a random token; only its SHA-256 is kept.
create table user_session (
  token_hash bytea primary key,
  organisation_id text not null references organisation,
  user_id text not null references app_user on delete cascade,
  csrf_token text not null,
  created_at timestamptz not null default now(),
  rotated_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index user_session_user on user_session (user_id);
select protect('user_session', 'own');
revoke all on user_session from accord_app;

create table api_key (
  id text collate "C" primary key,
  organisation_id text not null references organisation,
  name text not null,
  prefix text not null unique,
  secret_hash bytea not null,
  role text not null check (role in ('viewer', 'planner', 'order_manager', 'edi_operator', 'administrator')),
  scopes text[] not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
create index api_key_organisation on api_key (organisation_id, id);
select protect('api_key', 'own');

create table audit_log (
  id text collate "C" primary key,
  organisation_id text not null references organisation,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  subject text not null,
  detail jsonb not null default '{}'
);
create index audit_log_organisation on audit_log (organisation_id, id desc);
select protect('audit_log', 'own');
revoke update, delete on audit_log from accord_app, accord_system; -- append-only

-- A POST that carries an Idempotency-Key answers a second time what it answered the first.
create table idempotency_key (
  organisation_id text not null references organisation,
  key text not null,
  request_hash bytea not null,
  status int,
  response jsonb,
  created_at timestamptz not null default now(),
  primary key (organisation_id, key)
);
select protect('idempotency_key', 'own');

-- Work to do, written with the data it follows from. Rows go when done; the queue only carries keys.
create table outbox (
  id bigint generated always as identity primary key,
  organisation_id text not null,
  queue text not null check (queue in ('exchange', 'documents', 'maintenance')),
  key text not null,
  kind text not null,
  payload jsonb not null default '{}',
  created_at timestamptz not null default now(),
  available_at timestamptz not null default now(),
  enqueued_at timestamptz,
  attempts int not null default 0,
  state text not null default 'pending' check (state in ('pending', 'dead')),
  error_code text,
  error_detail text
);
create index outbox_key on outbox (key, id) where state = 'pending';
create index outbox_relay on outbox (available_at) where state = 'pending';
select protect('outbox', 'own');

-- What happened, for timelines and subscriptions.
create table event (
  id text collate "C" primary key,
  organisation_id text not null,
  counterpart_id text,
  partnership_id text,
  type text not null,
  subject_id text not null,
  data jsonb not null default '{}',
  at timestamptz not null default now()
);
create index event_subject on event (subject_id, id);
create index event_organisation on event (organisation_id, id desc);
create index event_counterpart on event (counterpart_id, id desc) where counterpart_id is not null;
select protect('event', 'shared');
