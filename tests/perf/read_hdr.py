"""Reads a log of histograms with HdrHistogram's own reader and prints what it found as JSON:

    read_hdr.py FILE     {"count": …, "p50": …, "p99": …, "max": …, "intervals": …, "tags": […]}

Values are nanoseconds; counts are of the histograms without a tag. Runs in the virtual environment
that setup.sh made.
"""
import json
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

HIGHEST_NS = 3600 * 10**9


def main():
    reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, HIGHEST_NS, 2))
    total = HdrHistogram(1, HIGHEST_NS, 2)
    tags, intervals = set(), 0
    while (histogram := reader.get_next_interval_histogram()) is not None:
        tags.add(histogram.tag or "")
        if not histogram.tag:
            intervals += 1
            total.add(histogram)
    print(json.dumps({"count": total.get_total_count(),
                      "p50": total.get_value_at_percentile(50),
                      "p99": total.get_value_at_percentile(99),
                      "max": total.get_max_value(), "intervals": intervals,
                      "tags": sorted(tags)}))


if __name__ == "__main__":
    main()
