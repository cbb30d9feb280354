-- A number that was released is free: another account can take it, and it can replace a number again.

-- A number replaces one number at a time. Before, it could do so only once.
DROP INDEX one_order_a_replacement;
CREATE UNIQUE INDEX one_order_a_replacement ON orders (replacement) WHERE state NOT IN ('swapped', 'done', 'abandoned');
-- Orders in which a number rests, or from which it came.
CREATE INDEX orders_of_replacement ON orders (replacement);
