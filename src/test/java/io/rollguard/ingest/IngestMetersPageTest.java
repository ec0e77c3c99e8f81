package io.rollguard.ingest;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.rollguard.metrics.MetricsPage;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class IngestMetersPageTest {

    @Test
    void thePageForPeopleListsExactlyTheseMetricsWithTheirTags() throws IOException {
        var registry = new SimpleMeterRegistry();
        new IngestMeters(registry).watchBytes(() -> 0);

        MetricsPage.assertLists("Taking alerts in", registry);
    }
}
