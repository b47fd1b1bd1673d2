-- What the two sides say to a difference between ship notice and receipt (an exception of rule R8), each time.
create table difference_answer (
  id text collate "C" primary key,
  exception_id text collate "C" not null references exception,
  partnership_id text not null references partnership,
  buyer_id text not null,
  seller_id text not null,
  sequence int not null,
  side text not null check (side in ('buyer', 'seller')),
  action text not null check (action in ('agree', 'dispute')),
  reason text,
  -- What was compared when it was said: other values are another difference.
  compared jsonb not null,
  actor text not null,
  created_at timestamptz not null default now(),
  unique (exception_id, sequence)
);
select protect('difference_answer', 'trade');

create index exception_receiving on exception (partnership_id, id desc) where rule = 'R8';
drop index receipt_line_waiting;
create index receipt_line_unplaced on receipt_line (partnership_id, order_number) where order_line_position is null;
