-- What a person agreed to post: without it nothing proves the amount of an entry that settles the ledger with a bill.
ALTER TABLE bill_approvals {on_cluster} ADD COLUMN IF NOT EXISTS quantity Nullable(Decimal(38, 12)) AFTER cell;
ALTER TABLE bill_approvals {on_cluster} ADD COLUMN IF NOT EXISTS amount Nullable(Decimal(38, 12)) AFTER quantity;
