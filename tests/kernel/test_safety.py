"""What is known of the last backup and the last drill."""

from __future__ import annotations

from erp_app.kernel import safety


def test_the_last_backup_is_known_with_its_age(tmp_path):
    folder = tmp_path / "backups"
    assert safety.known(folder, safety.BACKUP) is None
    safety.note(folder, safety.BACKUP, file="a.backup", bytes=5)
    safety.note(folder, safety.BACKUP, file="b.backup", bytes=7)
    found = safety.known(folder, safety.BACKUP)
    assert found is not None
    assert (found["file"], found["bytes"]) == ("b.backup", 7)
    assert 0 <= found["age_seconds"] < 60
    assert safety.known(folder, safety.DRILL) is None
    assert [one.name for one in folder.iterdir()] == ["backup.json"]


def test_a_note_that_cannot_be_written_or_read_harms_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    safety.note(tmp_path / "file", safety.DRILL, ok=True)
    assert safety.known(tmp_path / "file", safety.DRILL) is None
    (tmp_path / "drill.json").write_text('{"at": "yesterday"}')
    assert safety.known(tmp_path, safety.DRILL) is None
    (tmp_path / "drill.json").write_text("[1")
    assert safety.known(tmp_path, safety.DRILL) is None
