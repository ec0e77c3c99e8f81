package io.rollguard.sandbox.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;

/**
 * What two contenders did in turn, within one run. A machine's speed drifts and its neighbours come and go, so a figure of one
 * side alone says little; the ratio within a round says much, and how far the rounds lie apart says how much.
 *
 * @param <T> what one round of one side measures
 */
public record Rounds<T>(List<T> subject, List<T> floor) {

    public Rounds {
        subject = List.copyOf(subject);
        floor = List.copyOf(floor);
        if (subject.size() != floor.size() || subject.isEmpty()) {
            throw new IllegalArgumentException(
                    "%d rounds of the subject, %d of its floor".formatted(subject.size(), floor.size()));
        }
    }

    /** Runs both in each round; which of them goes first alternates. */
    public static <T> Rounds<T> alternate(int rounds, Callable<T> subject, Callable<T> floor) throws Exception {
        var ofSubject = new ArrayList<T>();
        var ofFloor = new ArrayList<T>();
        for (int round = 0; round < rounds; round++) {
            if (round % 2 == 0) {
                ofFloor.add(floor.call());
                ofSubject.add(subject.call());
            } else {
                ofSubject.add(subject.call());
                ofFloor.add(floor.call());
            }
        }
        return new Rounds<>(ofSubject, ofFloor);
    }

    public Samples ofSubject(ToDoubleFunction<T> figure) {
        return Samples.of(subject.stream().mapToDouble(figure).toArray());
    }

    public Samples ofFloor(ToDoubleFunction<T> figure) {
        return Samples.of(floor.stream().mapToDouble(figure).toArray());
    }

    /** The median of the subject over the median of its floor. */
    public double ratio(ToDoubleFunction<T> figure) {
        return ofSubject(figure).median() / ofFloor(figure).median();
    }

    /** The ratio of each round by itself: how far they lie apart is the benchmark's own uncertainty. */
    public Samples ratios(ToDoubleFunction<T> figure) {
        var ratios = new double[subject.size()];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = figure.applyAsDouble(subject.get(round)) / figure.applyAsDouble(floor.get(round));
        }
        return Samples.of(ratios);
    }
}
