"""No SQL is ever glued from strings: every text that reaches the database is a constant, or composed of quoted identifiers."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("erp_app", "workers") for path in (ROOT / folder).rglob("*.py"))
# Methods that take SQL first: on anything, or only on the unit of work (`work.rows(…)`), whose words are common ones.
ALWAYS = {"execute", "executemany", "copy", "exec_driver_sql", "SQL", "text"}
ON_WORK = {"rows", "row", "value", "run"}


def glued(node: ast.expr, names: dict[str, list[ast.expr]], depth: int = 0) -> bool:  # noqa: PLR0911 - one answer for each kind of expression
    """Whether an expression is text put together from something that is not constant."""
    if composed(node):
        return False
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(not constant(side, names, depth) for side in (node.left, node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        if node.func.attr == "format" and isinstance(owner, ast.Constant | ast.JoinedStr):
            return True
        if node.func.attr in ("join", "replace") and isinstance(owner, ast.Constant):
            return True
    if isinstance(node, ast.Name) and depth < 3:
        return any(glued(value, names, depth + 1) for value in names.get(node.id, []))
    if isinstance(node, ast.IfExp):
        return glued(node.body, names, depth) or glued(node.orelse, names, depth)
    return False


def composed(node: ast.expr) -> bool:
    """Whether an expression is made by psycopg's own composition, which quotes."""
    if isinstance(node, ast.BinOp):
        return composed(node.left) and composed(node.right)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join"):
        return composed(node.func.value)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    return name in ("SQL", "Composed", "Identifier", "Literal")


def constant(node: ast.expr, names: dict[str, list[ast.expr]], depth: int = 0) -> bool:  # noqa: PLR0911 - one answer for each kind of expression
    """Whether an expression is built of constants only."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.BinOp):
        return constant(node.left, names, depth) and constant(node.right, names, depth)
    if isinstance(node, ast.IfExp):
        return constant(node.body, names, depth) and constant(node.orelse, names, depth)
    if isinstance(node, ast.Dict):
        return all(constant(value, names, depth) for value in node.values)
    if isinstance(node, ast.Subscript):
        return constant(node.value, names, depth)  # one of the constant texts of a dictionary
    if isinstance(node, ast.Name | ast.Attribute) and depth < 3:
        values = names.get(ast.unparse(node), [])
        return bool(values) and all(constant(value, names, depth + 1) for value in values)
    return False


def takes_sql(call: ast.Call) -> bool:
    """Whether a call's first argument is SQL."""
    if isinstance(call.func, ast.Name):
        return call.func.id in ALWAYS
    if not isinstance(call.func, ast.Attribute):
        return False
    owner = call.func.value
    on_work = isinstance(owner, ast.Name) and owner.id in ("work", "w")
    return call.func.attr in ALWAYS or (call.func.attr in ON_WORK and on_work)


def assignments(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """What each name of a module is ever assigned."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            value = node.value if isinstance(node, ast.AnnAssign) else ast.BinOp(node.target, node.op, node.value)
            found.setdefault(node.target.id, []).append(value)
    return found


def borrowed(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """The constant texts of our other modules that a module reads as `module.NAME`."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("erp_app"):
            for module in node.names:
                path = ROOT / str(node.module).replace(".", "/") / f"{module.name}.py"
                own = assignments(ast.parse(path.read_text(encoding="utf-8"))) if path.is_file() else {}
                found |= {f"{module.name}.{name}": [ast.Constant("")] for name, values in own.items() if all(constant(value, own) for value in values)}
    return found


def offences(source: str, name: str) -> list[str]:
    """Where a module glues SQL."""
    tree = ast.parse(source)
    names = assignments(tree) | borrowed(tree)
    return [f"{name}:{node.lineno}" for node in ast.walk(tree) if isinstance(node, ast.Call) and takes_sql(node) and node.args and glued(node.args[0], names)]


def test_no_module_glues_sql():
    assert len(SOURCES) > 50
    assert [line for path in SOURCES for line in offences(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))] == []


def test_the_check_finds_what_it_must():
    bad = [
        'conn.execute(f"SELECT {x}")',
        'work.rows("SELECT " + x)',
        'work.run("SELECT %s" % x)',
        'SQL(f"{x}")',
        'conn.execute("SELECT {}".format(x))',
        'q = "SELECT " + x\nwork.value(q)',
        'q = "SELECT 1"\nq += x\nconn.execute(q)',
        'text(f"{x}")',
        'conn.execute(", ".join(x))',
    ]
    good = [
        'conn.execute("SELECT 1")',
        'work.rows("SELECT " "1")',
        'A = "SELECT 1"\nB = A + " WHERE true"\nwork.rows(B)',
        'conn.execute(SQL("SELECT {}").format(Identifier(x)))',
        'print(f"{x}")',
        'other.run(f"{x}")',
        'conn.execute("SELECT 1" if x else "SELECT 2")',
    ]
    assert [one for one in bad if not offences(one, "bad")] == []
    assert [one for one in good if offences(one, "good")] == []
