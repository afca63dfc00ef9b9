"""From counted answers to numbers: histograms, recorder, summary, timeline, trust, host sampling."""
