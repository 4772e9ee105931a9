-- The order of the activity log. All entries of an import have the same time, so an index of the time alone leaves them to be sorted.
CREATE INDEX ix_mm_activitylogmodel_timestamp_id ON activitylogmodel (timestamp, id);
