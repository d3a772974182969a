-- The second half of what roles.sh sends: the temporary table "given" holds the roles and their passwords in base64.
SET LOCAL log_statement = 'none';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL log_min_error_statement = 'panic';
SET LOCAL password_encryption = 'scram-sha-256';
SET LOCAL pg_stat_statements.track = 'none';
DO $$
DECLARE
  it record;
BEGIN
  FOR it IN
    SELECT convert_from(decode(role, 'base64'), 'UTF8') AS role, convert_from(decode(password, 'base64'), 'UTF8') AS password
    FROM given
  LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = it.role) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', it.role);
      END IF;
      EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', it.role, it.password);
    EXCEPTION WHEN OTHERS THEN
      -- The original error's context would quote the statement, and with it the password.
      RAISE EXCEPTION 'role %: %', it.role, SQLERRM;
    END;
  END LOOP;
END
$$;
SELECT format('ALTER ROLE %I REPLICATION', :'replicator') WHERE :'replicator' <> '' \gexec
-- It makes a checkpoint before a snapshot, and nothing else.
SELECT format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 2', :'checkpointer')
WHERE :'checkpointer' <> '' \gexec
SELECT format('GRANT pg_checkpoint TO %I', :'checkpointer') WHERE :'checkpointer' <> '' \gexec
-- It logs in as a peer, never by a password, and holds no more connections than its queries need.
SELECT format('CREATE ROLE %I', :'exporter')
WHERE :'exporter' <> '' AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'exporter') \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 5 PASSWORD NULL', :'exporter')
WHERE :'exporter' <> '' \gexec
SELECT format('GRANT pg_monitor TO %I', :'exporter') WHERE :'exporter' <> '' \gexec
COMMIT;
SELECT format('CREATE DATABASE %I OWNER %I', :'app_database', :'app_role')
WHERE :'app_database' <> '' AND NOT EXISTS (SELECT FROM pg_database WHERE datname = :'app_database') \gexec
