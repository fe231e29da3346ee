-- Audit chain. Invariant: link n = sha256(link n-1 || tenant || n || audit row); one chain per tenant, no gaps, in order of sealing.
CREATE OR REPLACE FUNCTION audit_row_text(e audit_event) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  -- The row as canonical text; the moment in microseconds, so that the session's time zone cannot change it.
  SELECT concat_ws(E'\x1f', e.tenant_id, e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.user_id, e.username, e.via, e.address,
    e.request_id, e.action, e.resource, coalesce(e.record_id::text, '-'), coalesce(e.before::text, '-'), coalesce(e.after::text, '-'),
    coalesce(e.reason, '-'))
$$;

-- p_back: how many ids before the newest link to look for rows whose transaction ended late; the sealer looks far now and then.
DROP FUNCTION IF EXISTS audit_seal(bigint);
CREATE OR REPLACE FUNCTION audit_seal(p_tenant bigint, p_back bigint DEFAULT 100000) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  head record; row_ audit_event; link bytea; n bigint := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit_seal:' || p_tenant, 0));
  SELECT seq, hash INTO head FROM audit_chain WHERE tenant_id = p_tenant ORDER BY seq DESC LIMIT 1;
  link := coalesce(head.hash, ''::bytea);
  -- Rows commit out of order of their ids, so look back a little instead of only beyond the newest link.
  FOR row_ IN SELECT e.* FROM audit_event e WHERE e.tenant_id = p_tenant
      AND e.id > (SELECT coalesce(max(c.audit_id), 0) - p_back FROM audit_chain c WHERE c.tenant_id = p_tenant)
      AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.tenant_id = p_tenant AND c.audit_id = e.id)
      ORDER BY e.id LOOP
    n := n + 1;
    link := sha256(link || convert_to(p_tenant || ':' || (coalesce(head.seq, 0) + n) || ':' || audit_row_text(row_), 'UTF8'));
    INSERT INTO audit_chain (tenant_id, seq, audit_id, hash) VALUES (p_tenant, coalesce(head.seq, 0) + n, row_.id, link);
  END LOOP;
  RETURN n;
END $$;

-- The first broken link of a tenant's chain, with the reason; no row when the chain is whole.
CREATE OR REPLACE FUNCTION audit_verify(p_tenant bigint) RETURNS TABLE (seq bigint, audit_id bigint, problem text)
LANGUAGE sql STABLE AS $$
  WITH c AS (
    SELECT c.seq, c.audit_id, c.hash, lag(c.hash, 1, ''::bytea) OVER w AS before, row_number() OVER w AS n, e
    FROM audit_chain c LEFT JOIN audit_event e ON e.tenant_id = c.tenant_id AND e.id = c.audit_id
    WHERE c.tenant_id = p_tenant WINDOW w AS (ORDER BY c.seq))
  SELECT c.seq, c.audit_id,
    CASE WHEN c.seq <> c.n THEN 'a link is missing before this one' WHEN (c.e).id IS NULL THEN 'the audit row was removed' ELSE 'the audit row or a link was changed' END
  FROM c
  WHERE c.seq <> c.n OR (c.e).id IS NULL
     OR c.hash <> sha256(c.before || convert_to(p_tenant || ':' || c.seq || ':' || audit_row_text(c.e), 'UTF8'))
  ORDER BY c.seq LIMIT 1
$$;
