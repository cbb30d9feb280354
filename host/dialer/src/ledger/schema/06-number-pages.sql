-- Pages of an account's numbers in any order, and the history of one number.
CREATE INDEX monitored_by_status ON monitored (account, status, number);
CREATE INDEX monitored_by_since ON monitored (account, status_since, number);
CREATE INDEX events_of_number ON events (account, number, id) WHERE number IS NOT NULL;
CREATE INDEX orders_of_number ON orders (number);
