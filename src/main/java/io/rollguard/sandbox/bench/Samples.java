package io.rollguard.sandbox.bench;

import java.util.Arrays;
import java.util.Collection;
import java.util.stream.DoubleStream;

/** Numbers that were measured, sorted. Empty: every figure of it is NaN. */
public final class Samples {

    private final double[] sorted;

    private Samples(double[] values) {
        sorted = values;
        Arrays.sort(sorted);
    }

    public static Samples of(double... values) {
        return new Samples(values.clone());
    }

    public static Samples of(Collection<? extends Number> values) {
        return new Samples(values.stream().mapToDouble(Number::doubleValue).toArray());
    }

    /** All of several. */
    public static Samples together(Collection<Samples> parts) {
        return new Samples(parts.stream()
                .flatMapToDouble(part -> DoubleStream.of(part.sorted))
                .toArray());
    }

    public int size() {
        return sorted.length;
    }

    /** The smallest value that at least this share of all do not exceed (nearest rank). */
    public double percentile(double percent) {
        if (percent <= 0 || percent > 100) {
            throw new IllegalArgumentException("a percentile is over 0 and at most 100, not " + percent);
        }
        return sorted.length == 0 ? Double.NaN : sorted[(int) Math.ceil(percent / 100 * sorted.length) - 1];
    }

    /** The middle one, or the mean of the two in the middle. */
    public double median() {
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    public double min() {
        return sorted.length == 0 ? Double.NaN : sorted[0];
    }

    public double max() {
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length - 1];
    }
}
