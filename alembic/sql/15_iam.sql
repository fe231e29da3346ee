-- People and sessions. Invariant: a secret is found only by its hash, a user only by the exact username, and only one row at
-- a time; everything else stays behind the wall of the tenant (policy tenant_wall of 90_guards.sql, which adds to these).

-- Logging in happens before the tenant is known: app.tenant is '0' and app.lookup holds the one value looked for.
DROP POLICY IF EXISTS lookup ON user_account;
CREATE POLICY lookup ON user_account FOR SELECT TO erp_app USING (code = (SELECT current_setting('app.lookup', true)));
DROP POLICY IF EXISTS lookup ON tenant;
CREATE POLICY lookup ON tenant FOR SELECT TO erp_app USING (code = (SELECT current_setting('app.lookup', true)));
DROP POLICY IF EXISTS lookup ON user_session;
CREATE POLICY lookup ON user_session FOR SELECT TO erp_app USING (token_sha256 = (SELECT current_setting('app.lookup', true)));
DROP POLICY IF EXISTS lookup ON user_token;
CREATE POLICY lookup ON user_token FOR SELECT TO erp_app USING (token_sha256 = (SELECT current_setting('app.lookup', true)));

-- user_role repeats user_account.roles as rows with foreign keys; a disabled user has no session and no token left. Only an
-- administrator (or the system, user 0) makes or unmakes an administrator, and the last active one stays.
CREATE OR REPLACE FUNCTION user_account_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  admin_role bigint; was boolean; becomes boolean; acting bigint := current_setting('app.user')::bigint; wanted jsonb;
BEGIN
  wanted := CASE jsonb_typeof(NEW.roles) WHEN 'array' THEN NEW.roles ELSE '[]' END;
  -- The lock makes two people who unmake each other wait for one another.
  SELECT id INTO admin_role FROM role WHERE tenant_id = NEW.tenant_id AND code = 'admin' FOR NO KEY UPDATE;
  was := EXISTS (SELECT 1 FROM user_role WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id AND role_id = admin_role);
  becomes := coalesce(wanted @> to_jsonb(admin_role), false);
  IF was IS DISTINCT FROM becomes AND acting <> 0
     AND NOT EXISTS (SELECT 1 FROM user_role WHERE tenant_id = NEW.tenant_id AND user_id = acting AND role_id = admin_role) THEN
    RAISE EXCEPTION USING ERRCODE = 'ERP01', MESSAGE = 'ERP-1324|Only an administrator can give or take the role admin.';
  END IF;
  DELETE FROM user_role WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id;
  INSERT INTO user_role (tenant_id, user_id, role_id)
    SELECT DISTINCT NEW.tenant_id, NEW.id, r::bigint FROM jsonb_array_elements_text(wanted) AS r;
  IF was AND NOT EXISTS (SELECT 1 FROM user_role ur JOIN user_account u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id
      WHERE ur.tenant_id = NEW.tenant_id AND ur.role_id = admin_role AND u.active) THEN
    RAISE EXCEPTION USING ERRCODE = 'ERP01',
      MESSAGE = 'ERP-1325|At least one active administrator must remain. Make somebody else administrator first.';
  END IF;
  IF NOT NEW.active THEN
    UPDATE user_session SET ended_at = now() WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id AND ended_at IS NULL;
    UPDATE user_token SET revoked_at = now() WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id AND revoked_at IS NULL;
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS user_account_follows ON user_account;
CREATE TRIGGER user_account_follows AFTER INSERT OR UPDATE OF roles, active ON user_account
  FOR EACH ROW EXECUTE FUNCTION user_account_follow();

-- The role admin keeps its name and stays in force: its holders have all rights by it.
CREATE OR REPLACE FUNCTION role_admin_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.code = 'admin' AND (TG_OP = 'DELETE' OR NEW.code <> 'admin' OR NOT NEW.active) THEN
    RAISE EXCEPTION USING ERRCODE = 'ERP01', MESSAGE = 'ERP-1322|The role admin can neither be renamed, switched off nor removed.';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
DROP TRIGGER IF EXISTS role_admin_stays ON role;
CREATE TRIGGER role_admin_stays BEFORE UPDATE OR DELETE ON role FOR EACH ROW EXECUTE FUNCTION role_admin_stays();

-- A new password ends what the old one opened, except the session it was changed in (app.session_id).
CREATE OR REPLACE FUNCTION user_password_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kept bigint := nullif(current_setting('app.session_id', true), '')::bigint;
BEGIN
  UPDATE user_session SET ended_at = now() WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id AND ended_at IS NULL AND id IS DISTINCT FROM kept;
  UPDATE user_token SET revoked_at = now() WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id AND revoked_at IS NULL;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS user_password_ends_sessions ON user_password;
CREATE TRIGGER user_password_ends_sessions AFTER INSERT OR UPDATE OF hash ON user_password
  FOR EACH ROW EXECUTE FUNCTION user_password_changed();

-- Everything that is needed to know who acts, in one call. NULL when the user or the company is not active.
CREATE OR REPLACE FUNCTION iam_person(p_tenant bigint, p_user bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'tenant_id', u.tenant_id, 'user_id', u.id, 'username', u.code, 'full_name', u.name, 'lang', u.lang, 'theme', u.theme, 'density', u.density,
    'department_id', u.department_id, 'warehouses', coalesce(u.warehouses, '[]'), 'requests_per_minute', u.requests_per_minute,
    'company', t.name, 'company_code', t.code, 'tz', t.tz, 'currency', t.currency, 'exponent', t.exponent,
    'roles', coalesce((SELECT jsonb_agg(r.code ORDER BY r.code) FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
      WHERE ur.tenant_id = p_tenant AND ur.user_id = p_user AND r.active), '[]'),
    'permissions', coalesce((SELECT jsonb_agg(jsonb_build_array(r.code, p.resource, p.action, p.scope) ORDER BY r.code, p.resource, p.action)
      FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
      JOIN role_permission p ON p.tenant_id = ur.tenant_id AND p.role_id = ur.role_id
      WHERE ur.tenant_id = p_tenant AND ur.user_id = p_user AND r.active), '[]'),
    'pages', coalesce((SELECT jsonb_agg(jsonb_build_array(r.code, g.path, g.allowed) ORDER BY r.code, g.path)
      FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
      JOIN role_page g ON g.tenant_id = ur.tenant_id AND g.role_id = ur.role_id
      WHERE ur.tenant_id = p_tenant AND ur.user_id = p_user AND r.active), '[]'))
  FROM user_account u JOIN tenant t ON t.tenant_id = u.tenant_id
  WHERE u.tenant_id = p_tenant AND u.id = p_user AND u.active AND t.active
$$;

-- Who holds a live session: sets app.tenant to its tenant for the rest of the transaction. NULL: nobody.
CREATE OR REPLACE FUNCTION iam_session(p_hash text, p_idle_seconds integer, p_life_seconds integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  s record; person jsonb;
BEGIN
  PERFORM set_config('app.lookup', p_hash, true);
  SELECT tenant_id, id, user_id, seen_at INTO s FROM user_session
    WHERE token_sha256 = p_hash AND ended_at IS NULL AND seen_at > now() - make_interval(secs => p_idle_seconds)
      AND created_at > now() - make_interval(secs => p_life_seconds);
  PERFORM set_config('app.lookup', '', true);
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('app.tenant', s.tenant_id::text, true);
  person := iam_person(s.tenant_id, s.user_id);
  -- Once a minute is enough to know that somebody is there; a write for every click would be waste.
  IF person IS NOT NULL AND s.seen_at < now() - interval '1 minute' THEN
    UPDATE user_session SET seen_at = now() WHERE tenant_id = s.tenant_id AND id = s.id AND seen_at < now() - interval '1 minute';
  END IF;
  RETURN person || jsonb_build_object('session_id', s.id);
END $$;

-- Who holds an access token: the user, while the login it came from is not revoked. Sets app.tenant. NULL: nobody.
CREATE OR REPLACE FUNCTION iam_token(p_tenant bigint, p_user bigint, p_family text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.tenant', p_tenant::text, true);
  IF NOT EXISTS (SELECT 1 FROM user_token WHERE tenant_id = p_tenant AND user_id = p_user AND family = p_family AND kind = 'refresh' AND revoked_at IS NULL) THEN
    RETURN NULL;
  END IF;
  RETURN iam_person(p_tenant, p_user) || jsonb_build_object('session_id', p_family);
END $$;
