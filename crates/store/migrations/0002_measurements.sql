-- What was planned for a load, and what the engine then really took: plan and truth side by side.
CREATE TABLE loads (
    id           INTEGER PRIMARY KEY,
    at_ms        INTEGER NOT NULL,
    path         TEXT    NOT NULL,
    n_ctx        INTEGER NOT NULL,
    n_gpu_layers INTEGER NOT NULL,
    planned_json TEXT    NOT NULL,
    actual_json  TEXT    NOT NULL
) STRICT;

CREATE INDEX loads_by_path ON loads (path, at_ms);

-- How fast each answer was written, for the next prediction.
CREATE TABLE speeds (
    id           INTEGER PRIMARY KEY,
    at_ms        INTEGER NOT NULL,
    path         TEXT    NOT NULL,
    n_gpu_layers INTEGER NOT NULL,
    predicted_n  INTEGER NOT NULL CHECK (predicted_n > 0),
    predicted_ms REAL    NOT NULL CHECK (predicted_ms > 0)
) STRICT;

CREATE INDEX speeds_by_path ON speeds (path, n_gpu_layers, at_ms);
