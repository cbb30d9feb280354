-- Whether the file may lack changes that are in the -wal file beside it: true while processes change the ledger, false
-- once the last of them has closed it. A copy that says true and has no -wal file was taken without it.
CREATE TABLE file_state (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    is_in_use INTEGER NOT NULL CHECK (is_in_use IN (0, 1))
) STRICT;
INSERT INTO file_state VALUES (1, 0);
