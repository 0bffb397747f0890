-- Every measurement of a model, with the version and the settings it was made with. Only ever added to.
CREATE TABLE benchmarks (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms       INTEGER NOT NULL,
    path        TEXT    NOT NULL,
    record_json TEXT    NOT NULL
) STRICT;

CREATE INDEX benchmarks_by_path ON benchmarks (path, at_ms);

CREATE TRIGGER benchmarks_stay_as_they_are BEFORE UPDATE ON benchmarks
BEGIN
    SELECT RAISE(ABORT, 'a measurement is never changed');
END;
