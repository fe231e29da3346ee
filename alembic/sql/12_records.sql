-- Records. Invariant: every row of a record table (table comment `record:<type> title=<column> search=<columns>`) has exactly one row in
-- record_ref with the same tenant and id; nobody else writes it. A new type needs nothing here.
CREATE OR REPLACE FUNCTION record_ref_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  r jsonb := to_jsonb(NEW);
  made record_ref; named text; words text; col text;
BEGIN
  made.number := coalesce(r ->> 'number', r ->> 'code');
  IF tg_argv[1] LIKE '%\_id' THEN
    SELECT coalesce(nullif(o.label, ''), o.number) INTO named FROM record_ref o WHERE o.tenant_id = NEW.tenant_id AND o.id = (r ->> tg_argv[1])::bigint;
    made.label := named;
  ELSE
    made.label := r ->> tg_argv[1];
  END IF;
  made.label := left(coalesce(made.label, ''), 200);
  made.state := coalesce(r ->> 'state', CASE WHEN (r ->> 'active')::boolean THEN 'active' ELSE 'inactive' END, 'active');
  words := concat_ws(' ', made.number, made.label);
  FOREACH col IN ARRAY string_to_array(tg_argv[2], ',') LOOP
    IF col = tg_argv[1] THEN
      CONTINUE;
    ELSIF col LIKE '%\_id' THEN
      SELECT concat_ws(' ', o.number, nullif(o.label, o.number)) INTO named FROM record_ref o WHERE o.tenant_id = NEW.tenant_id AND o.id = (r ->> col)::bigint;
      words := concat_ws(' ', words, named);
    ELSE
      words := concat_ws(' ', words, left(r ->> col, 300));
    END IF;
  END LOOP;
  made.search := ' ' || left(lower(words), 1500);
  INSERT INTO record_ref AS k (tenant_id, id, type, number, label, state, effective_at, search)
  VALUES (NEW.tenant_id, NEW.id, tg_argv[0], made.number, made.label, made.state, coalesce((r ->> 'effective_at')::timestamptz, NEW.created_at), made.search)
  ON CONFLICT (tenant_id, id) DO UPDATE SET number = excluded.number, label = excluded.label, state = excluded.state,
    effective_at = excluded.effective_at, search = excluded.search
  WHERE (k.number, k.label, k.state, k.effective_at, k.search)
    IS DISTINCT FROM (excluded.number, excluded.label, excluded.state, excluded.effective_at, excluded.search);
  RETURN NULL;
END $$;

-- What never changes on a record: who made it when, its number once given; and a deleted draft stays deleted.
CREATE OR REPLACE FUNCTION record_keeps_its_identity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  o jsonb := to_jsonb(OLD); n jsonb := to_jsonb(NEW);
BEGIN
  IF (OLD.tenant_id, OLD.id, OLD.created_at, OLD.created_by) IS DISTINCT FROM (NEW.tenant_id, NEW.id, NEW.created_at, NEW.created_by)
     OR (o ->> 'number' NOT LIKE '~%' AND o ->> 'number' IS DISTINCT FROM n ->> 'number') OR (o ->> 'state' = 'deleted' AND n ->> 'state' <> 'deleted') THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('%s %s: number, origin and deletion are final', tg_table_name, OLD.id);
  END IF;
  RETURN NEW;
END $$;

DO $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT c.relname, m.parts FROM pg_class c,
             regexp_match(coalesce(obj_description(c.oid, 'pg_class'), ''), 'record:(\S+) title=(\S*) search=(\S*)') AS m(parts)
           WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND m.parts IS NOT NULL LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS record_ref_follows ON %I', t.relname);
    EXECUTE format('CREATE TRIGGER record_ref_follows AFTER INSERT OR UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION record_ref_keep(%L, %L, %L)',
      t.relname, t.parts[1], t.parts[2], t.parts[3]);
    EXECUTE format('DROP TRIGGER IF EXISTS record_identity ON %I', t.relname);
    EXECUTE format('CREATE TRIGGER record_identity BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION record_keeps_its_identity()', t.relname);
  END LOOP;
END $$;

-- Search. Row-level security keeps an index from being used with operators that are not leakproof (LIKE, similarity), so these two
-- functions run as the owner, for whom record_ref has an open policy, and keep the tenant themselves. They return ids and nothing else;
-- whoever asks reads the rows behind the wall again.
DROP POLICY IF EXISTS owner_searches ON record_ref;
CREATE POLICY owner_searches ON record_ref FOR SELECT TO erp_owner USING (true);

-- Ids of records of a type (null: of all) whose search text is like all the patterns; at most p_limit of them. The first three patterns
-- are looked up in the index together, so that a word everybody has costs nothing beside a rare one.
DROP FUNCTION IF EXISTS record_search(text, text, text[], integer);
CREATE OR REPLACE FUNCTION record_search(p_type text, p_patterns text[], p_limit integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan ROWS 100 AS $$
DECLARE
  a text := p_patterns[1]; b text := coalesce(p_patterns[2], p_patterns[1]); c text := coalesce(p_patterns[3], p_patterns[1]);
BEGIN
  RETURN QUERY SELECT r.id FROM record_ref r
    WHERE r.tenant_id = current_setting('app.tenant')::bigint AND (p_type IS NULL OR r.type = p_type) AND r.state <> 'deleted'
      AND r.search LIKE a AND r.search LIKE b AND r.search LIKE c AND (cardinality(p_patterns) <= 3 OR r.search LIKE ALL (p_patterns[4:]))
    LIMIT p_limit;
END $$;

-- The library must be loaded before its setting can be named below.
SELECT show_limit();

-- Ids of records that nearly contain the words, best first.
CREATE OR REPLACE FUNCTION record_search_similar(p_words text, p_limit integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan
SET pg_trgm.word_similarity_threshold = 0.45 ROWS 20 AS $$
BEGIN
  RETURN QUERY SELECT r.id FROM record_ref r
    WHERE r.tenant_id = current_setting('app.tenant')::bigint AND r.state <> 'deleted' AND p_words <% r.search
    ORDER BY p_words <<-> r.search, r.id DESC LIMIT p_limit;
END $$;
REVOKE ALL ON FUNCTION record_search(text, text[], integer), record_search_similar(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_search(text, text[], integer), record_search_similar(text, integer) TO erp_app;
