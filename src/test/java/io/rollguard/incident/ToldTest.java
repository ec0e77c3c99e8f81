package io.rollguard.incident;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.incident.IncidentEvent.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class ToldTest {

    private static final Step.Told FIRST = root("1.1");
    private static final Step.Told SECOND = root("1.2");

    @Test
    void theEarliestStaysInWhateverOrderTheyWereNoted() {
        for (var order : List.of(List.of(FIRST, SECOND), List.of(SECOND, FIRST))) {
            var told = told(order);

            assertThat(told.standing(Told.ROOT)).contains(FIRST);
            assertThat(told.surplus()).containsExactly(SECOND);
        }
    }

    @Test
    void whatStandsUnderARootThatGoesIsSurplusToo() {
        var told = told(List.of(SECOND, evidence("1.3", "1.2"), FIRST));

        assertThat(told.standing("evidence")).isEmpty();
        assertThat(told.surplus()).containsExactly(SECOND, evidence("1.3", "1.2"));
    }

    @Test
    void anAnswerUnderTheRootThatStaysStandsThoughAnEarlierOneStandsUnderTheOther() {
        var told = told(List.of(SECOND, evidence("1.3", "1.2"), FIRST, evidence("1.4", "1.1")));

        assertThat(told.standing("evidence")).contains(evidence("1.4", "1.1"));
        assertThat(told.standing()).containsExactly(evidence("1.4", "1.1"), FIRST);
    }

    @Test
    void whatWasDeletedStandsNoMoreAndTheNextTakesItsPlace() {
        var told = told(List.of(FIRST, SECOND, evidence("1.3", "1.1"), FIRST.deleted()));

        assertThat(told.standing(Told.ROOT)).contains(SECOND);
        assertThat(told.surplus()).containsExactly(evidence("1.3", "1.1"));
    }

    @Test
    void nothingIsSurplusWhileNoRootIsKnown() {
        var told = told(List.of(evidence("1.3", "1.1"), evidence("1.4", "1.2")));

        assertThat(told.standing("evidence")).contains(evidence("1.3", "1.1"));
        assertThat(told.surplus()).isEmpty();
    }

    @Test
    void theLastThatWasNotedOfAMessageIsWhatItSays() {
        var edited = new Step.Told(Told.ROOT, "C1", "1.1", "new", null);

        assertThat(told(List.of(FIRST, edited)).messages()).containsExactly(edited);
    }

    /** Whoever deletes what is surplus, until nothing is, ends with the same messages and one of each kind. */
    @RepeatedTest(200)
    void deletingWhatIsSurplusEndsWithOneOfEachKindUnderOneRoot(RepetitionInfo repetition) {
        var random = new Random(repetition.getCurrentRepetition());
        var notes = new ArrayList<Step.Told>();
        for (int id = 1; id <= 8; id++) {
            notes.add(
                    random.nextInt(3) == 0
                            ? root("1." + id)
                            : new Step.Told(
                                    "k" + random.nextInt(2), "C1", "1." + id, "d", "1." + random.nextInt(1, 9)));
        }
        var one = tidied(told(notes));
        Collections.shuffle(notes, random);
        var other = tidied(told(notes));

        assertThat(other).isEqualTo(one);
        assertThat(one.surplus()).isEmpty();
        if (one.standing(Told.ROOT).isPresent()) {
            assertThat(one.messages()).extracting(Step.Told::kind).doesNotHaveDuplicates();
            assertThat(one.standing()).containsExactlyInAnyOrderElementsOf(one.messages());
        }
    }

    private static Told tidied(Told told) {
        var tidy = told;
        while (!tidy.surplus().isEmpty()) {
            tidy = tidy.with(tidy.surplus().getFirst().deleted());
        }
        return tidy;
    }

    private static Told told(List<Step.Told> notes) {
        var told = Told.NOTHING;
        for (var note : notes) {
            told = told.with(note);
        }
        return told;
    }

    private static Step.Told root(String id) {
        return new Step.Told(Told.ROOT, "C1", id, "d", null);
    }

    private static Step.Told evidence(String id, String under) {
        return new Step.Told("evidence", "C1", id, "d", under);
    }
}
