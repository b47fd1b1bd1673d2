-- Whether POC03 is the new quantity or the difference to the old one.
alter table partnership add change_quantity text not null default 'absolute' check (change_quantity in ('absolute', 'delta'));

alter table purchase_order drop constraint purchase_order_state_check, add constraint purchase_order_state_check
  check (state in ('open', 'accepted', 'changed', 'rejected', 'change_pending', 'partly_shipped', 'shipped', 'invoiced', 'cancelled'));
drop index purchase_order_work;
create index purchase_order_work on purchase_order (seller_id, respond_by) where state in ('open', 'change_pending');
alter table order_line drop constraint order_line_response_check, add constraint order_line_response_check
  check (response in ('open', 'accepted', 'changed', 'rejected', 'backordered', 'change_pending', 'cancelled'));

-- A change of the buyer's (860), as it was said. The order as it stands follows from all that are in force, by their ordinal.
create table order_change (
  id text collate "C" primary key,
  order_id text collate "C" not null references purchase_order,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  -- BCH05 as it was sent; null for a partner that does not count its changes.
  sequence text,
  -- Its place among the changes that were made; null as long as it waits and when it was refused.
  ordinal int,
  purpose text not null,
  type text not null,
  -- held: waits for an earlier one. refused: by the hub, which said so in an 865. replaced: by another of its sequence.
  -- pending: made, and the seller has yet to answer some of it; then what the seller said.
  state text not null check (state in ('held', 'refused', 'replaced', 'pending', 'accepted', 'countered', 'rejected', 'superseded')),
  respond_by timestamptz,
  document jsonb not null,
  -- Why it was refused, or what is odd about it.
  problems jsonb not null default '[]',
  channel text not null check (channel in ('x12', 'api', 'portal')),
  source_message_id text collate "C",
  source_ordinal int,
  actor text not null,
  created_at timestamptz not null default now(),
  -- When it was made or refused.
  decided_at timestamptz
);
create index order_change_order on order_change (order_id, id);
create unique index order_change_ordinal on order_change (order_id, ordinal) where ordinal is not null and state <> 'replaced';
select protect('order_change', 'trade');

-- What was said to a change (865): by the seller, or by the hub where the change cannot be made.
create table order_change_answer (
  id text collate "C" primary key,
  order_id text collate "C" not null references purchase_order,
  change_id text collate "C" not null references order_change,
  partnership_id text not null,
  buyer_id text not null,
  seller_id text not null,
  type text,
  document jsonb not null,
  channel text not null check (channel in ('x12', 'api', 'portal', 'hub')),
  source_message_id text collate "C",
  source_ordinal int,
  actor text not null,
  created_at timestamptz not null default now()
);
create index order_change_answer_order on order_change_answer (order_id, id);
select protect('order_change_answer', 'trade');

-- Which change a line is the outcome of, and its segment there.
alter table order_line add change_id text collate "C", add change_position int;
-- What took the place of a version, when that was a change or the seller's answer to one.
alter table order_version add change_id text collate "C";
