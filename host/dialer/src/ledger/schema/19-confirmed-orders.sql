-- When the provider first said that it has the order. One that it does not know any more was deleted there, and is not
-- sent again.
ALTER TABLE orders ADD COLUMN confirmed_at INTEGER;
