-- One row per transmission received or sent. Inbound: organisation_id sent it, and nobody else sees it.
-- Outbound: organisation_id receives it, counterpart_id is the partner whose document it carries (null for acknowledgements).
create table message (
  id text collate "C" not null,
  organisation_id text not null,
  counterpart_id text,
  direction text not null check (direction in ('in', 'out')),
  transport text not null,
  content_type text not null,
  sha256 bytea,
  size_bytes bigint not null default 0,
  test boolean not null default false,
  sender text,
  receiver text,
  control_number text,
  processing_state text not null default 'received'
    check (processing_state in ('received', 'processing', 'processed', 'quarantined', 'duplicate', 'sent')),
  ack_outcome text,                   -- inbound: worst of the answers given; outbound: the partner's answer
  delivery_state text check (delivery_state in ('waiting', 'fetched', 'confirmed')),
  error_code text,
  error_detail text,
  actor text not null,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  summary jsonb not null default '{}',
  primary key (id)
) partition by range (id);
create table message_default partition of message default;
create index message_organisation on message (organisation_id, id desc);
create index message_counterpart on message (counterpart_id, id desc) where counterpart_id is not null;
create index message_waiting on message (organisation_id, id) where delivery_state = 'waiting';
create index message_trouble on message (organisation_id, id) where error_code is not null;
select protect('message', 'shared');

-- The bytes exactly as received or sent, in pieces.
create table message_chunk (
  message_id text collate "C" not null,
  sequence int not null,
  organisation_id text not null,
  counterpart_id text,
  start_offset bigint not null,
  bytes bytea not null,
  primary key (message_id, sequence)
) partition by range (message_id);
create table message_chunk_default partition of message_chunk default;
alter table message_chunk alter column bytes set storage external;
select protect('message_chunk', 'shared');

-- The same transmission twice is the same message. (A month-partitioned table cannot hold this uniqueness.)
create table message_key (
  organisation_id text not null,
  sha256 bytea not null,
  message_id text collate "C" not null,
  primary key (organisation_id, sha256)
);
select protect('message_key', 'own');

-- R2: one interchange per both ids and ISA13. Same bytes again: duplicate; other bytes: conflict, until an operator releases it.
create table interchange_key (
  organisation_id text not null,
  sender text not null,               -- qualifier:id
  receiver text not null,
  control_number text not null,
  test boolean not null,
  sha256 bytea not null,
  message_id text collate "C" not null,
  interchange int not null,           -- ordinal in the message
  seen_at timestamptz not null default now(),
  released_at timestamptz,
  primary key (organisation_id, sender, receiver, control_number, test)
);
select protect('interchange_key', 'own');

-- A functional group, in or out. Outbound ones wait for their 997: acknowledgement_state.
create table functional_group (
  message_id text collate "C" not null,
  ordinal int not null,
  interchange int not null,
  organisation_id text not null,
  counterpart_id text,
  direction text not null check (direction in ('in', 'out')),
  functional_id text not null,        -- GS01
  sender_code text not null,          -- GS02
  receiver_code text not null,        -- GS03
  control_number text not null,       -- GS06
  version text not null,              -- GS08
  start_offset bigint not null default 0,
  end_offset bigint,
  test boolean not null default false,
  outcome text,                       -- AK901 given (in)
  sets_included int, sets_received int, sets_accepted int,
  findings jsonb not null default '[]',
  acknowledgement_message_id text,    -- the message that holds the 997 (given or received)
  acknowledgement_state text check (acknowledgement_state in ('pending', 'accepted', 'accepted_with_errors', 'partially_accepted', 'rejected')),
  sent_at timestamptz,
  acknowledged_at timestamptz,
  primary key (message_id, ordinal)
) partition by range (message_id);
create table functional_group_default partition of functional_group default;
create index functional_group_match on functional_group (organisation_id, control_number, functional_id) where direction = 'out';
create index functional_group_pending on functional_group (sent_at) where acknowledgement_state = 'pending';
create index functional_group_unsettled on functional_group (organisation_id, message_id) where acknowledgement_state in ('pending', 'partially_accepted', 'rejected');
select protect('functional_group', 'shared');

-- One ST…SE. counterpart_id is set once it is known whom the set concerns; that party sees this set and nothing else of the file.
create table message_set (
  message_id text collate "C" not null,
  ordinal int not null,
  group_ordinal int not null,
  organisation_id text not null,
  counterpart_id text,
  partnership_id text,
  set_id text not null,               -- ST01
  control_number text not null,       -- ST02
  start_offset bigint not null,
  end_offset bigint not null,
  segment_count int not null,
  outcome text not null check (outcome in ('A', 'E', 'R')),
  state text not null check (state in ('accepted', 'rejected', 'applied', 'checked', 'duplicate', 'quarantined')),
  findings jsonb not null default '[]',
  error_code text,
  error_detail text,
  document_kind text,
  document_id text,
  -- outbound: the partner's answer to this set
  partner_outcome text,
  primary key (message_id, ordinal)
) partition by range (message_id);
create table message_set_default partition of message_set default;
create index message_set_document on message_set (document_id) where document_id is not null;
create index message_set_trouble on message_set (organisation_id, message_id) where state = 'quarantined';
select protect('message_set', 'shared');

-- Control numbers of what the hub sends, one counter per pair of identities, whoever's document it carries. Reached through the
-- function alone: no role has a right on the table, so it needs no policy.
create table control_counter (
  sender text not null,               -- qualifier:id
  receiver text not null,
  kind text not null check (kind in ('interchange', 'group')),
  last_number bigint not null,
  primary key (sender, receiver, kind)
);
alter table control_counter enable row level security;
-- ISA13 and GS06 have nine digits; after 999999999 they begin again at 1.
create function next_control_number(p_sender text, p_receiver text, p_kind text) returns bigint
  language sql security definer set search_path = public, pg_temp as $$
  insert into control_counter as c values (p_sender, p_receiver, p_kind, 1)
  on conflict (sender, receiver, kind) do update set last_number = c.last_number % 999999999 + 1
  returning last_number $$;
revoke execute on function next_control_number from public;
grant execute on function next_control_number to accord_app;

-- Telling one party of one document: once per (document, recipient, revision).
create table delivery (
  id text collate "C" primary key,
  organisation_id text not null,      -- recipient
  counterpart_id text not null,       -- whose document it is
  partnership_id text not null references partnership,
  document text not null,             -- set id: 850, 855, 856, 810, 830
  document_id text not null,
  revision int not null default 1,
  channel text not null,
  state text not null check (state in ('sent', 'shown', 'failed')),
  message_id text collate "C",
  resends int not null default 0,
  error_code text,
  error_detail text,
  created_at timestamptz not null default now(),
  unique (partnership_id, organisation_id, document, document_id, revision)
);
create index delivery_document on delivery (document_id);
create index delivery_message on delivery (message_id);
select protect('delivery', 'shared');

-- Archive, key and work of messages in one call and one commit: what their 202s stand for. Sets the organisation itself, so that it
-- is one round trip. Answers for each message, in the order given, with the id under which these bytes are kept: another id than
-- the one given when they came before.
create function receive_messages(p_organisation text, p_ids text[], p_transports text[], p_content_types text[], p_actors text[],
    p_sha256s bytea[], p_bytes bytea[], p_senders text[], p_receivers text[], p_control_numbers text[], p_tests boolean[])
  returns table (message_id text) language plpgsql as $$
declare new_ids text[];
begin
  perform set_config('app.org', p_organisation, true);
  -- In the order of the hashes, so that two calls with the same messages cannot wait for each other.
  with taken as (
    insert into message_key as k (organisation_id, sha256, message_id)
    select p_organisation, t.sha256, t.id from unnest(p_sha256s, p_ids) as t(sha256, id) order by t.sha256, t.id
    on conflict do nothing returning k.message_id)
  select array_agg(taken.message_id) into new_ids from taken;
  if new_ids is not null then
    insert into message (id, organisation_id, direction, transport, content_type, sha256, size_bytes, test, sender, receiver, control_number, actor)
      select t.id, p_organisation, 'in', t.transport, t.content_type, t.sha256, octet_length(t.bytes), t.test, t.sender, t.receiver, t.control_number, t.actor
      from unnest(p_ids, p_transports, p_content_types, p_actors, p_sha256s, p_bytes, p_senders, p_receivers, p_control_numbers, p_tests)
        as t(id, transport, content_type, actor, sha256, bytes, sender, receiver, control_number, test)
      where t.id = any(new_ids);
    insert into message_chunk (message_id, sequence, organisation_id, start_offset, bytes)
      select t.id, 0, p_organisation, 0, t.bytes from unnest(p_ids, p_bytes) as t(id, bytes) where t.id = any(new_ids);
    insert into outbox (organisation_id, queue, key, kind, payload)
      select p_organisation, 'exchange', 'edi ' || p_organisation, 'process', jsonb_build_object('messageId', t.id)
      from unnest(p_ids) with ordinality as t(id, n) where t.id = any(new_ids) order by t.n;
  end if;
  if coalesce(cardinality(new_ids), 0) = cardinality(p_ids) then
    return query select unnest(p_ids);
  else
    return query select k.message_id from unnest(p_sha256s) with ordinality as t(sha256, n)
      join message_key k on k.organisation_id = p_organisation and k.sha256 = t.sha256 order by t.n;
  end if;
end $$;
grant execute on function receive_messages to accord_app;
