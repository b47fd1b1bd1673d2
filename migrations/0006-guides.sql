-- How strictly what comes to a side is judged, and which acknowledgement it wants.
alter table partnership_channel add column check_level text not null default 'partner' check (check_level in ('envelope', 'syntax', 'full', 'partner'));
alter table partnership_channel add column ack_as text not null default 'auto' check (ack_as in ('auto', '997', '999'));
alter table partnership_channel drop constraint partnership_channel_ack_detail_check;
alter table partnership_channel add constraint partnership_channel_ack_detail_check check (ack_detail in ('set', 'errors', 'group'));

-- What an organisation wants of one set beside the standard and its industry: of what it is sent, or of what it sends; in one
-- partnership, or in all. Of each, one revision is in force. Partners see what is in force, and no drafts.
create table guide (
  id text collate "C" primary key,
  organisation_id text not null references organisation,
  partnership_id text references partnership on delete cascade, -- null: in all partnerships
  direction text not null check (direction in ('in', 'out')),
  set_id text not null,               -- ST01
  x12_version text not null,          -- 004010
  revision int not null,
  state text not null default 'draft' check (state in ('draft', 'active', 'retired')),
  name text not null,
  overlay jsonb not null,
  actor text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  activated_at timestamptz,
  version int not null default 1
);
create unique index guide_revision on guide (organisation_id, coalesce(partnership_id, ''), direction, set_id, x12_version, revision);
create unique index guide_in_force on guide (organisation_id, coalesce(partnership_id, ''), direction, set_id, x12_version) where state = 'active';
create index guide_partnership on guide (partnership_id) where partnership_id is not null;
alter table guide enable row level security;
alter table guide force row level security;
create policy tenant on guide to accord_app
  using (organisation_id = (select current_org()))
  with check (organisation_id = (select current_org()) and (partnership_id is null
    or exists (select 1 from partnership p where p.id = partnership_id and (select current_org()) in (p.buyer_id, p.seller_id))));
create policy partner on guide for select to accord_app using (state = 'active' and exists (
  select 1 from partnership p where (guide.partnership_id is null or p.id = guide.partnership_id)
    and ((p.buyer_id = guide.organisation_id and p.seller_id = (select current_org()))
      or (p.seller_id = guide.organisation_id and p.buyer_id = (select current_org())))));
create policy system on guide to accord_system using (true) with check (true);
grant select, insert, update, delete on guide to accord_app, accord_system;
