package io.rollguard.sandbox.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryTest {

    /** What {@code jcmd GC.class_histogram} prints. */
    @Test
    void deadSpaceThatACollectionFilledIsNotLive() {
        var histogram = """
                4711:
                 num     #instances         #bytes  class name (module)
                -------------------------------------------------------
                   1:         60000        4800000  [B (java.base@25)
                   2:            12        3000000  [Ljdk.internal.vm.FillerElement; (java.base@25)
                   3:           100           1600  jdk.internal.vm.FillerObject (java.base@25)
                Total        60112        7801600
                """;

        assertThat(Memory.liveBytes(histogram)).isEqualTo(4_800_000);
    }
}
