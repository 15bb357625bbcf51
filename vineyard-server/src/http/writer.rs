//! Writing metrics one after the other: name, meaning, unit, values with their labels.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Unit;

use crate::metrics::timings::Timing;

/// What a metric is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric<'a> {
    /// Without the unit and what the type of metric appends.
    pub(super) name: &'a str,
    /// What it counts in, which becomes part of the name.
    pub(super) unit: Option<&'a Unit>,
    /// One sentence without its full stop.
    pub(super) help: &'a str,
}

impl<'a> Metric<'a> {
    /// A number of something.
    pub(super) fn count(name: &'a str, help: &'a str) -> Self {
        Self { name, unit: None, help }
    }

    /// So many bytes.
    pub(super) fn bytes(name: &'a str, help: &'a str) -> Self {
        Self { name, unit: Some(&Unit::Bytes), help }
    }

    /// So many seconds.
    pub(super) fn seconds(name: &'a str, help: &'a str) -> Self {
        Self { name, unit: Some(&Unit::Seconds), help }
    }
}

/// Labels with their values, which must not need to be escaped.
type Labels<'a, const N: usize> = [(&'static str, &'a str); N];

/// Writes metrics. A method fails only if a number is above what the form allows.
#[derive(Debug)]
pub(super) struct Writer<'a>(pub(super) DescriptorEncoder<'a>);

impl Writer<'_> {
    /// What is now.
    pub(super) fn gauge(&mut self, metric: Metric<'_>, value: impl EncodeGaugeValue) -> fmt::Result {
        let Metric { name, unit, help } = metric;
        self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?.encode_gauge(&value)
    }

    /// What is now, part by part.
    pub(super) fn gauges<'v, const N: usize>(
        &mut self,
        metric: Metric<'_>,
        values: impl IntoIterator<Item = (Labels<'v, N>, u64)>,
    ) -> fmt::Result {
        let Metric { name, unit, help } = metric;
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        values.into_iter().try_for_each(|(labels, value)| family.encode_family(&labels)?.encode_gauge(&value))
    }

    /// What happened since the start.
    pub(super) fn counter(&mut self, metric: Metric<'_>, value: impl EncodeCounterValue) -> fmt::Result {
        let Metric { name, unit, help } = metric;
        let none: Option<&Exemplar<NoLabelSet, f64>> = None;
        self.0.encode_descriptor(name, help, unit, MetricType::Counter)?.encode_counter(&value, none)
    }

    /// What happened since the start, kind by kind.
    pub(super) fn counters<'v, const N: usize>(
        &mut self,
        metric: Metric<'_>,
        values: impl IntoIterator<Item = (Labels<'v, N>, u64)>,
    ) -> fmt::Result {
        let Metric { name, unit, help } = metric;
        let none: Option<&Exemplar<NoLabelSet, f64>> = None;
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Counter)?;
        values.into_iter().try_for_each(|(labels, value)| family.encode_family(&labels)?.encode_counter(&value, none))
    }

    /// How long things took, kind by kind. Kinds of which there were none are left out.
    pub(super) fn histograms<'v, const N: usize>(
        &mut self,
        metric: Metric<'_>,
        timings: impl IntoIterator<Item = (Labels<'v, N>, &'v Timing)>,
    ) -> fmt::Result {
        let Metric { name, unit, help } = metric;
        let mut family = self.0.encode_descriptor(name, help, unit, MetricType::Histogram)?;
        for (labels, timing) in timings {
            let buckets = timing.buckets().map(|(bound, count)| (bound.unwrap_or(f64::INFINITY), count));
            let buckets: Vec<(f64, u64)> = buckets.collect();
            let count = buckets.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count));
            if count > 0 {
                let (sum, mut encoder) = (timing.sum().as_secs_f64(), family.encode_family(&labels)?);
                encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
            }
        }
        Ok(())
    }

    /// What does not change.
    pub(super) fn info<const N: usize>(&mut self, metric: Metric<'_>, labels: Labels<'_, N>) -> fmt::Result {
        let Metric { name, unit, help } = metric;
        self.0.encode_descriptor(name, help, unit, MetricType::Info)?.encode_info(&labels)
    }
}
