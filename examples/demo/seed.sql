-- Sample data: the shop of a company that sells garden tools. Deterministic; \set customers N
-- chooses how many customers there are. Names are made from syllables, cards and IBANs carry valid
-- check digits and belong to nobody.
\set ON_ERROR_STOP on
BEGIN;

CREATE FUNCTION pg_temp.pick(seed bigint, words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT words[1 + (abs(hashint8(seed)) % array_length(words, 1))] $$;

-- Appends the Luhn check digit.
CREATE FUNCTION pg_temp.luhn(digits text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT digits || (10 - sum(CASE WHEN (length(digits) - i) % 2 = 0
                                  THEN (2 * d) / 10 + (2 * d) % 10 ELSE d END) % 10) % 10
  FROM (SELECT i, substr(digits, i, 1)::int AS d FROM generate_series(1, length(digits)) i) s $$;

-- A German IBAN with its ISO 7064 check digits.
CREATE FUNCTION pg_temp.iban(account bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT 'DE' || lpad((98 - ((bban || '131400')::numeric % 97))::text, 2, '0') || bban
  FROM (SELECT lpad((10000000 + account % 89999999)::text, 8, '0') || lpad((account * 7919 % 9999999999)::text, 10, '0') AS bban) s $$;

CREATE TABLE customers (
  id bigint PRIMARY KEY,
  given_name text NOT NULL,
  family_name text NOT NULL,
  email text NOT NULL,
  phone text NOT NULL,
  street text NOT NULL,
  postcode text NOT NULL,
  city text NOT NULL,
  birth_date date NOT NULL,
  iban text NOT NULL,
  newsletter boolean NOT NULL,
  loyalty_points int NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers (id),
  status text NOT NULL,
  total numeric(10, 2) NOT NULL,
  ordered_at timestamptz NOT NULL
);

CREATE TABLE payments (
  id bigint PRIMARY KEY,
  order_id bigint NOT NULL REFERENCES orders (id),
  card_number text NOT NULL,
  card_expiry text NOT NULL,
  amount numeric(10, 2) NOT NULL,
  paid_at timestamptz NOT NULL
);

CREATE TABLE support_notes (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers (id),
  author text NOT NULL,
  note text NOT NULL,
  written_at timestamptz NOT NULL
);

INSERT INTO customers
SELECT id, given, family,
       lower(given) || '.' || lower(family) || id || '@' || pg_temp.pick(id * 13, '{posteo.example,mail.example,inbox.example,kontor.example}'),
       pg_temp.pick(id * 17, '{+49 30,+44 20,+33 1,+39 02,+31 20}') || ' ' || lpad((abs(hashint8(id * 19)) % 9000000 + 1000000)::text, 7, '0'),
       pg_temp.pick(id * 23, '{Lindenweg,Rue du Moulin,Harbour Lane,Via Giardino,Kerkstraat,Mill Road}') || ' ' || (1 + abs(hashint8(id * 29)) % 180),
       lpad((abs(hashint8(id * 31)) % 89999 + 10000)::text, 5, '0'),
       pg_temp.pick(id * 37, '{Bremen,Lille,Leeds,Verona,Utrecht,Graz,Porto,Cork}'),
       date '1945-01-01' + (abs(hashint8(id * 41)) % 22000),
       pg_temp.iban(id * 104729),
       id % 3 = 0, (abs(hashint8(id * 43)) % 5000),
       timestamptz '2024-01-01 08:00+00' + id * interval '37 minutes'
FROM (SELECT id,
             pg_temp.pick(id * 3, '{Ma,Le,Jo,An,Ti,So,Ka,El,Ro,Ni}') || pg_temp.pick(id * 5, '{rika,ander,nas,neke,mon,phie,tja,iott,berta,kolai}') AS given,
             pg_temp.pick(id * 7, '{Hoff,Bren,Van,Del,Mer,Stein,Ash,Rou}') || pg_temp.pick(id * 11, '{meister,nan,dijk,monte,cier,hauer,worth,sseau}') AS family
      FROM generate_series(1, :customers) id) s;

INSERT INTO orders
SELECT id, 1 + (id * 7) % :customers, pg_temp.pick(id * 3, '{new,paid,shipped,delivered,returned}'),
       (abs(hashint8(id * 5)) % 49900 + 100) / 100.0, timestamptz '2025-01-01 08:00+00' + id * interval '13 minutes'
FROM generate_series(1, :customers * 2) id;

INSERT INTO payments
SELECT id, id, pg_temp.luhn(pg_temp.pick(id * 3, '{4539,5425,4716,2223}') || lpad((abs(hashint8(id * 7)) % 99999999999)::text, 11, '0')),
       lpad((1 + id % 12)::text, 2, '0') || '/' || (27 + id % 5), total, ordered_at + interval '2 minutes'
FROM orders;

INSERT INTO support_notes
SELECT c.id, c.id, pg_temp.pick(c.id, '{Ines,Pavel,Oona}'),
       format(pg_temp.pick(c.id * 47, array[
         'Called from %2$s, wants the invoice sent to %1$s instead.',
         'Customer says the parcel went to the neighbour. New address: %3$s, %4$s.',
         'Refund to %5$s agreed, confirmation to %1$s.',
         'Asked when the pruning shears are back in stock.']),
         c.email, c.phone, c.street, c.city, c.iban),
       c.created_at + interval '40 days'
FROM customers c WHERE c.id % 4 = 0;

COMMIT;
ANALYZE;
