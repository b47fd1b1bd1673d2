-- SSCC serial numbers by company prefix and extension digit. They belong to the prefix, not to one organisation: two that ship
-- under one prefix must never make the same code, so the table is reached through the function below and nothing else.
create table sscc_series (
  prefix text not null check (prefix ~ '^[0-9]{6,12}$'),
  extension_digit int not null check (extension_digit between 0 and 9),
  last_serial bigint not null,
  primary key (prefix, extension_digit)
);

-- What was given out before: one counter for each seller, of which the extension digit was the leading digit.
alter table organisation no force row level security;
alter table sscc_counter no force row level security;
insert into sscc_series (prefix, extension_digit, last_serial)
select prefix, digit, max(case when digit < last / room then room - 1 else last % room end)
from (select o.gs1_prefix as prefix, c.last_serial as last, (10::numeric ^ (16 - length(o.gs1_prefix)))::bigint as room
      from sscc_counter c join organisation o on o.id = c.organisation_id where o.gs1_prefix is not null) as given,
  generate_series(0, least(last / room, 9)::int) as digit
group by prefix, digit;
alter table organisation force row level security;
drop table sscc_counter;

alter table sscc_series enable row level security;

-- The next serials of a series, as many as are left of those asked for; none when the first is after the last. They are taken
-- when the caller commits and not before, and others who want some of the series wait for that.
create function take_sscc_serials(p_prefix text, p_digit int, p_count int) returns table (first_serial bigint, last_serial bigint)
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  held bigint;
  upto bigint;
begin
  insert into sscc_series as s values (p_prefix, p_digit, 0) on conflict (prefix, extension_digit) do nothing;
  select s.last_serial into held from sscc_series s where s.prefix = p_prefix and s.extension_digit = p_digit for update;
  upto := least(held + p_count, (10::numeric ^ (16 - length(p_prefix)))::bigint - 1);
  update sscc_series s set last_serial = upto where s.prefix = p_prefix and s.extension_digit = p_digit;
  return query select held + 1, upto;
end $$;
revoke execute on function take_sscc_serials from public;
grant execute on function take_sscc_serials to accord_app;
