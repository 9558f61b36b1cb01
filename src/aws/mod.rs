//! Reads Cost Explorer and the billing API; the only place that knows AWS's shapes.
