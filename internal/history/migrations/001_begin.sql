-- What redistop keeps. The same text makes a database of SQLite and of PostgreSQL: "WITHOUT ROWID" and TIME(x) are
-- translated by dialect.go, all else both understand. Tables of small rows are clustered by their key in SQLite; in
-- those of large ones each row would take a page. Times in tables are unix milliseconds; for people there are views.

CREATE TABLE server (
  id   INTEGER NOT NULL PRIMARY KEY,
  name TEXT    NOT NULL UNIQUE,
  seen BIGINT  -- the latest pass over its connections: until then those online were seen
);

-- A process of a server: ids of connections begin anew in each.
CREATE TABLE run (
  id     INTEGER NOT NULL PRIMARY KEY,
  server INTEGER NOT NULL,
  run_id TEXT    NOT NULL,
  UNIQUE (server, run_id)
);

-- One row a Snapshot. NULL: not known then. commands: [["get", calls a second, usec a call], ...], at most 8.
CREATE TABLE raw_point (
  server   INTEGER NOT NULL,
  at       BIGINT  NOT NULL,
  commands TEXT,
  commands_per_second DOUBLE PRECISION,
  p99_usec DOUBLE PRECISION,
  ping_p99_usec DOUBLE PRECISION,
  ping_max_usec DOUBLE PRECISION,
  main_thread DOUBLE PRECISION,
  cpu_total DOUBLE PRECISION,
  input_bytes_per_second DOUBLE PRECISION,
  output_bytes_per_second DOUBLE PRECISION,
  hit_ratio DOUBLE PRECISION,
  hits_per_second DOUBLE PRECISION,
  misses_per_second DOUBLE PRECISION,
  evicted_per_second DOUBLE PRECISION,
  expired_per_second DOUBLE PRECISION,
  errors_per_second DOUBLE PRECISION,
  used_bytes DOUBLE PRECISION,
  rss_bytes DOUBLE PRECISION,
  max_bytes DOUBLE PRECISION,
  fragmentation_ratio DOUBLE PRECISION,
  clients DOUBLE PRECISION,
  blocked DOUBLE PRECISION,
  new_per_second DOUBLE PRECISION,
  came_and_went DOUBLE PRECISION,
  rejected_per_second DOUBLE PRECISION,
  keys DOUBLE PRECISION,
  expires DOUBLE PRECISION,
  replicas DOUBLE PRECISION,
  replica_lag_bytes DOUBLE PRECISION,
  findings_critical DOUBLE PRECISION,
  findings_warning DOUBLE PRECISION,
  observer_cpu_share DOUBLE PRECISION,
  up DOUBLE PRECISION,
  PRIMARY KEY (server, at)
);

-- One row for each step (60, 600, 3600 seconds) in which there was a Snapshot. n: Snapshots; counts: in how many of them
-- each series was known, where that is not n (varints, in the order of the series, then the commands). A _min or _max that
-- equals the mean is NULL.
CREATE TABLE rolled_point (
  server   INTEGER NOT NULL,
  step     INTEGER NOT NULL,
  at       BIGINT  NOT NULL,
  n        INTEGER NOT NULL,
  counts   BYTEA,
  commands TEXT,
  commands_per_second DOUBLE PRECISION, commands_per_second_min DOUBLE PRECISION, commands_per_second_max DOUBLE PRECISION,
  p99_usec DOUBLE PRECISION, p99_usec_min DOUBLE PRECISION, p99_usec_max DOUBLE PRECISION,
  ping_p99_usec DOUBLE PRECISION, ping_p99_usec_min DOUBLE PRECISION, ping_p99_usec_max DOUBLE PRECISION,
  ping_max_usec DOUBLE PRECISION, ping_max_usec_min DOUBLE PRECISION, ping_max_usec_max DOUBLE PRECISION,
  main_thread DOUBLE PRECISION, main_thread_min DOUBLE PRECISION, main_thread_max DOUBLE PRECISION,
  cpu_total DOUBLE PRECISION, cpu_total_min DOUBLE PRECISION, cpu_total_max DOUBLE PRECISION,
  input_bytes_per_second DOUBLE PRECISION, input_bytes_per_second_min DOUBLE PRECISION, input_bytes_per_second_max DOUBLE PRECISION,
  output_bytes_per_second DOUBLE PRECISION, output_bytes_per_second_min DOUBLE PRECISION, output_bytes_per_second_max DOUBLE PRECISION,
  hit_ratio DOUBLE PRECISION, hit_ratio_min DOUBLE PRECISION, hit_ratio_max DOUBLE PRECISION,
  hits_per_second DOUBLE PRECISION, hits_per_second_min DOUBLE PRECISION, hits_per_second_max DOUBLE PRECISION,
  misses_per_second DOUBLE PRECISION, misses_per_second_min DOUBLE PRECISION, misses_per_second_max DOUBLE PRECISION,
  evicted_per_second DOUBLE PRECISION, evicted_per_second_min DOUBLE PRECISION, evicted_per_second_max DOUBLE PRECISION,
  expired_per_second DOUBLE PRECISION, expired_per_second_min DOUBLE PRECISION, expired_per_second_max DOUBLE PRECISION,
  errors_per_second DOUBLE PRECISION, errors_per_second_min DOUBLE PRECISION, errors_per_second_max DOUBLE PRECISION,
  used_bytes DOUBLE PRECISION, used_bytes_min DOUBLE PRECISION, used_bytes_max DOUBLE PRECISION,
  rss_bytes DOUBLE PRECISION, rss_bytes_min DOUBLE PRECISION, rss_bytes_max DOUBLE PRECISION,
  max_bytes DOUBLE PRECISION, max_bytes_min DOUBLE PRECISION, max_bytes_max DOUBLE PRECISION,
  fragmentation_ratio DOUBLE PRECISION, fragmentation_ratio_min DOUBLE PRECISION, fragmentation_ratio_max DOUBLE PRECISION,
  clients DOUBLE PRECISION, clients_min DOUBLE PRECISION, clients_max DOUBLE PRECISION,
  blocked DOUBLE PRECISION, blocked_min DOUBLE PRECISION, blocked_max DOUBLE PRECISION,
  new_per_second DOUBLE PRECISION, new_per_second_min DOUBLE PRECISION, new_per_second_max DOUBLE PRECISION,
  came_and_went DOUBLE PRECISION, came_and_went_min DOUBLE PRECISION, came_and_went_max DOUBLE PRECISION,
  rejected_per_second DOUBLE PRECISION, rejected_per_second_min DOUBLE PRECISION, rejected_per_second_max DOUBLE PRECISION,
  keys DOUBLE PRECISION, keys_min DOUBLE PRECISION, keys_max DOUBLE PRECISION,
  expires DOUBLE PRECISION, expires_min DOUBLE PRECISION, expires_max DOUBLE PRECISION,
  replicas DOUBLE PRECISION, replicas_min DOUBLE PRECISION, replicas_max DOUBLE PRECISION,
  replica_lag_bytes DOUBLE PRECISION, replica_lag_bytes_min DOUBLE PRECISION, replica_lag_bytes_max DOUBLE PRECISION,
  findings_critical DOUBLE PRECISION, findings_critical_min DOUBLE PRECISION, findings_critical_max DOUBLE PRECISION,
  findings_warning DOUBLE PRECISION, findings_warning_min DOUBLE PRECISION, findings_warning_max DOUBLE PRECISION,
  observer_cpu_share DOUBLE PRECISION, observer_cpu_share_min DOUBLE PRECISION, observer_cpu_share_max DOUBLE PRECISION,
  up DOUBLE PRECISION, up_min DOUBLE PRECISION, up_max DOUBLE PRECISION,
  PRIMARY KEY (server, step, at)
);

-- A connection. ip is NULL where it is the host of addr; offline_at is NULL while it is online.
CREATE TABLE session (
  run              INTEGER  NOT NULL,
  id               BIGINT   NOT NULL,
  server           INTEGER  NOT NULL,
  addr             TEXT     NOT NULL,
  ip               TEXT,
  name             TEXT,
  user_name        TEXT,
  library          TEXT,
  db               INTEGER  NOT NULL,
  internal         SMALLINT NOT NULL,
  online_since     BIGINT   NOT NULL,
  last_interaction BIGINT   NOT NULL,
  last_seen        BIGINT   NOT NULL,
  offline_at       BIGINT,
  reason           TEXT,
  reason_likely    SMALLINT NOT NULL,
  last_command     TEXT,
  commands         BIGINT,
  input_bytes      BIGINT,
  output_bytes     BIGINT,
  PRIMARY KEY (run, id)
) WITHOUT ROWID;

CREATE INDEX session_end ON session (server, offline_at);

-- Connections that came and went unseen, a row a minute.
CREATE TABLE short_lived (
  server INTEGER NOT NULL,
  at     BIGINT  NOT NULL,
  n      BIGINT  NOT NULL,
  PRIMARY KEY (server, at)
) WITHOUT ROWID;

-- Who was there in an hour: connections that share a name, an ip or a user. sessions: those that were new in it.
CREATE TABLE mark (
  server     INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  hour       BIGINT  NOT NULL,
  last_spoke BIGINT  NOT NULL,
  sessions   BIGINT  NOT NULL,
  PRIMARY KEY (server, kind, key, hour)
) WITHOUT ROWID;

-- A finding as it was last seen; body is all of it as JSON.
CREATE TABLE finding (
  server     INTEGER NOT NULL,
  rule       TEXT    NOT NULL,
  subject    TEXT    NOT NULL,
  first_seen BIGINT  NOT NULL,
  last_seen  BIGINT  NOT NULL,
  resolved   BIGINT,
  severity   TEXT    NOT NULL,
  title      TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  PRIMARY KEY (server, rule, subject, first_seen)
);

CREATE TABLE change (
  server INTEGER NOT NULL,
  at     BIGINT  NOT NULL,
  kind   TEXT    NOT NULL,
  what   TEXT    NOT NULL,
  before TEXT,
  after  TEXT,
  PRIMARY KEY (server, at, kind, what)
) WITHOUT ROWID;

-- For people.
CREATE VIEW points AS
SELECT s.name AS server, 'raw' AS tier, TIME(p.at) AS time, 1 AS n, p.commands AS commands,
  p.commands_per_second AS commands_per_second, p.commands_per_second AS commands_per_second_min, p.commands_per_second AS commands_per_second_max,
  p.p99_usec AS p99_usec, p.p99_usec AS p99_usec_min, p.p99_usec AS p99_usec_max,
  p.ping_p99_usec AS ping_p99_usec, p.ping_p99_usec AS ping_p99_usec_min, p.ping_p99_usec AS ping_p99_usec_max,
  p.ping_max_usec AS ping_max_usec, p.ping_max_usec AS ping_max_usec_min, p.ping_max_usec AS ping_max_usec_max,
  p.main_thread AS main_thread, p.main_thread AS main_thread_min, p.main_thread AS main_thread_max,
  p.cpu_total AS cpu_total, p.cpu_total AS cpu_total_min, p.cpu_total AS cpu_total_max,
  p.input_bytes_per_second AS input_bytes_per_second, p.input_bytes_per_second AS input_bytes_per_second_min, p.input_bytes_per_second AS input_bytes_per_second_max,
  p.output_bytes_per_second AS output_bytes_per_second, p.output_bytes_per_second AS output_bytes_per_second_min, p.output_bytes_per_second AS output_bytes_per_second_max,
  p.hit_ratio AS hit_ratio, p.hit_ratio AS hit_ratio_min, p.hit_ratio AS hit_ratio_max,
  p.hits_per_second AS hits_per_second, p.hits_per_second AS hits_per_second_min, p.hits_per_second AS hits_per_second_max,
  p.misses_per_second AS misses_per_second, p.misses_per_second AS misses_per_second_min, p.misses_per_second AS misses_per_second_max,
  p.evicted_per_second AS evicted_per_second, p.evicted_per_second AS evicted_per_second_min, p.evicted_per_second AS evicted_per_second_max,
  p.expired_per_second AS expired_per_second, p.expired_per_second AS expired_per_second_min, p.expired_per_second AS expired_per_second_max,
  p.errors_per_second AS errors_per_second, p.errors_per_second AS errors_per_second_min, p.errors_per_second AS errors_per_second_max,
  p.used_bytes AS used_bytes, p.used_bytes AS used_bytes_min, p.used_bytes AS used_bytes_max,
  p.rss_bytes AS rss_bytes, p.rss_bytes AS rss_bytes_min, p.rss_bytes AS rss_bytes_max,
  p.max_bytes AS max_bytes, p.max_bytes AS max_bytes_min, p.max_bytes AS max_bytes_max,
  p.fragmentation_ratio AS fragmentation_ratio, p.fragmentation_ratio AS fragmentation_ratio_min, p.fragmentation_ratio AS fragmentation_ratio_max,
  p.clients AS clients, p.clients AS clients_min, p.clients AS clients_max,
  p.blocked AS blocked, p.blocked AS blocked_min, p.blocked AS blocked_max,
  p.new_per_second AS new_per_second, p.new_per_second AS new_per_second_min, p.new_per_second AS new_per_second_max,
  p.came_and_went AS came_and_went, p.came_and_went AS came_and_went_min, p.came_and_went AS came_and_went_max,
  p.rejected_per_second AS rejected_per_second, p.rejected_per_second AS rejected_per_second_min, p.rejected_per_second AS rejected_per_second_max,
  p.keys AS keys, p.keys AS keys_min, p.keys AS keys_max,
  p.expires AS expires, p.expires AS expires_min, p.expires AS expires_max,
  p.replicas AS replicas, p.replicas AS replicas_min, p.replicas AS replicas_max,
  p.replica_lag_bytes AS replica_lag_bytes, p.replica_lag_bytes AS replica_lag_bytes_min, p.replica_lag_bytes AS replica_lag_bytes_max,
  p.findings_critical AS findings_critical, p.findings_critical AS findings_critical_min, p.findings_critical AS findings_critical_max,
  p.findings_warning AS findings_warning, p.findings_warning AS findings_warning_min, p.findings_warning AS findings_warning_max,
  p.observer_cpu_share AS observer_cpu_share, p.observer_cpu_share AS observer_cpu_share_min, p.observer_cpu_share AS observer_cpu_share_max,
  p.up AS up, p.up AS up_min, p.up AS up_max
FROM raw_point p JOIN server s ON s.id = p.server
UNION ALL
SELECT s.name, CASE p.step WHEN 60 THEN '1m' WHEN 600 THEN '10m' ELSE '1h' END, TIME(p.at), p.n, p.commands,
  p.commands_per_second, COALESCE(p.commands_per_second_min, p.commands_per_second), COALESCE(p.commands_per_second_max, p.commands_per_second),
  p.p99_usec, COALESCE(p.p99_usec_min, p.p99_usec), COALESCE(p.p99_usec_max, p.p99_usec),
  p.ping_p99_usec, COALESCE(p.ping_p99_usec_min, p.ping_p99_usec), COALESCE(p.ping_p99_usec_max, p.ping_p99_usec),
  p.ping_max_usec, COALESCE(p.ping_max_usec_min, p.ping_max_usec), COALESCE(p.ping_max_usec_max, p.ping_max_usec),
  p.main_thread, COALESCE(p.main_thread_min, p.main_thread), COALESCE(p.main_thread_max, p.main_thread),
  p.cpu_total, COALESCE(p.cpu_total_min, p.cpu_total), COALESCE(p.cpu_total_max, p.cpu_total),
  p.input_bytes_per_second, COALESCE(p.input_bytes_per_second_min, p.input_bytes_per_second), COALESCE(p.input_bytes_per_second_max, p.input_bytes_per_second),
  p.output_bytes_per_second, COALESCE(p.output_bytes_per_second_min, p.output_bytes_per_second), COALESCE(p.output_bytes_per_second_max, p.output_bytes_per_second),
  p.hit_ratio, COALESCE(p.hit_ratio_min, p.hit_ratio), COALESCE(p.hit_ratio_max, p.hit_ratio),
  p.hits_per_second, COALESCE(p.hits_per_second_min, p.hits_per_second), COALESCE(p.hits_per_second_max, p.hits_per_second),
  p.misses_per_second, COALESCE(p.misses_per_second_min, p.misses_per_second), COALESCE(p.misses_per_second_max, p.misses_per_second),
  p.evicted_per_second, COALESCE(p.evicted_per_second_min, p.evicted_per_second), COALESCE(p.evicted_per_second_max, p.evicted_per_second),
  p.expired_per_second, COALESCE(p.expired_per_second_min, p.expired_per_second), COALESCE(p.expired_per_second_max, p.expired_per_second),
  p.errors_per_second, COALESCE(p.errors_per_second_min, p.errors_per_second), COALESCE(p.errors_per_second_max, p.errors_per_second),
  p.used_bytes, COALESCE(p.used_bytes_min, p.used_bytes), COALESCE(p.used_bytes_max, p.used_bytes),
  p.rss_bytes, COALESCE(p.rss_bytes_min, p.rss_bytes), COALESCE(p.rss_bytes_max, p.rss_bytes),
  p.max_bytes, COALESCE(p.max_bytes_min, p.max_bytes), COALESCE(p.max_bytes_max, p.max_bytes),
  p.fragmentation_ratio, COALESCE(p.fragmentation_ratio_min, p.fragmentation_ratio), COALESCE(p.fragmentation_ratio_max, p.fragmentation_ratio),
  p.clients, COALESCE(p.clients_min, p.clients), COALESCE(p.clients_max, p.clients),
  p.blocked, COALESCE(p.blocked_min, p.blocked), COALESCE(p.blocked_max, p.blocked),
  p.new_per_second, COALESCE(p.new_per_second_min, p.new_per_second), COALESCE(p.new_per_second_max, p.new_per_second),
  p.came_and_went, COALESCE(p.came_and_went_min, p.came_and_went), COALESCE(p.came_and_went_max, p.came_and_went),
  p.rejected_per_second, COALESCE(p.rejected_per_second_min, p.rejected_per_second), COALESCE(p.rejected_per_second_max, p.rejected_per_second),
  p.keys, COALESCE(p.keys_min, p.keys), COALESCE(p.keys_max, p.keys),
  p.expires, COALESCE(p.expires_min, p.expires), COALESCE(p.expires_max, p.expires),
  p.replicas, COALESCE(p.replicas_min, p.replicas), COALESCE(p.replicas_max, p.replicas),
  p.replica_lag_bytes, COALESCE(p.replica_lag_bytes_min, p.replica_lag_bytes), COALESCE(p.replica_lag_bytes_max, p.replica_lag_bytes),
  p.findings_critical, COALESCE(p.findings_critical_min, p.findings_critical), COALESCE(p.findings_critical_max, p.findings_critical),
  p.findings_warning, COALESCE(p.findings_warning_min, p.findings_warning), COALESCE(p.findings_warning_max, p.findings_warning),
  p.observer_cpu_share, COALESCE(p.observer_cpu_share_min, p.observer_cpu_share), COALESCE(p.observer_cpu_share_max, p.observer_cpu_share),
  p.up, COALESCE(p.up_min, p.up), COALESCE(p.up_max, p.up)
FROM rolled_point p JOIN server s ON s.id = p.server;

CREATE VIEW sessions AS
SELECT s.name AS server, r.run_id AS run_id, c.id AS id, c.addr AS addr, c.name AS name, c.user_name AS user_name,
  c.library AS library, c.db AS db, c.internal AS internal, TIME(c.online_since) AS online_since,
  TIME(c.last_interaction) AS last_interaction, TIME(c.last_seen) AS last_seen, TIME(c.offline_at) AS offline_at,
  c.reason AS reason, c.last_command AS last_command, c.commands AS commands, c.input_bytes AS input_bytes,
  c.output_bytes AS output_bytes
FROM session c JOIN server s ON s.id = c.server JOIN run r ON r.id = c.run;

CREATE VIEW activity AS
SELECT s.name AS server, m.kind AS kind, m.key AS key, TIME(m.hour) AS hour, TIME(m.last_spoke) AS last_spoke, m.sessions AS sessions
FROM mark m JOIN server s ON s.id = m.server;

CREATE VIEW findings AS
SELECT s.name AS server, f.rule AS rule, f.subject AS subject, f.severity AS severity, f.title AS title,
  TIME(f.first_seen) AS first_seen, TIME(f.last_seen) AS last_seen, TIME(f.resolved) AS resolved, f.body AS body
FROM finding f JOIN server s ON s.id = f.server;

CREATE VIEW changes AS
SELECT s.name AS server, TIME(c.at) AS time, c.kind AS kind, c.what AS what, c.before AS before, c.after AS after
FROM change c JOIN server s ON s.id = c.server;
