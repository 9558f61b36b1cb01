-- The plan of the account, as AWS answered when it was asked for it. Append-only; asked for once a day at most. Times are UTC.
CREATE TABLE account_plans (
    asked_at TIMESTAMP NOT NULL,   -- clock of the cycle that asked
    plan     VARCHAR               -- JSON; null where AWS did not answer
);
