-- When the provider first said that it has the order. One that it does not know any more was deleted there, and is not
-- sent again.
ALTER TABLE orders ADD COLUMN confirmed_at INTEGER;
-- When a released number was given back to its provider, which is since when it is released then. If the provider's
-- account has it after that, someone else bought it.
ALTER TABLE numbers ADD COLUMN given_back_at INTEGER;
