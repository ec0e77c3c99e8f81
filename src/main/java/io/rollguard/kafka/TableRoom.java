package io.rollguard.kafka;

import io.rollguard.alert.Alert.Status;
import io.rollguard.alert.AlertTable;
import org.jboss.logging.Logger;

/** Says that the alert table is too small, once, and once more when it gets worse; and when there is room again. */
final class TableRoom {

    private static final Logger LOG = Logger.getLogger(TableRoom.class);

    private final AlertTable table;
    private long resolved;
    private long firing;
    private boolean saidResolved;
    private boolean saidFiring;
    private boolean calm;

    TableRoom(AlertTable table) {
        this.table = table;
    }

    /** After deliveries. */
    void look() {
        long resolvedNow = table.dropped(Status.RESOLVED);
        long firingNow = table.dropped(Status.FIRING);
        if (resolvedNow != resolved || firingNow != firing) {
            calm = false;
            if (firingNow != firing && !saidFiring) {
                saidFiring = true;
                say("alerts that FIRE are given up, so no incident counts as cured and releases are inconclusive");
            } else if (resolvedNow != resolved && !saidResolved) {
                saidResolved = true;
                say("the oldest resolved alerts are given up, so releases since then are inconclusive");
            }
            resolved = resolvedNow;
            firing = firingNow;
        }
    }

    private void say(String what) {
        LOG.warnf(
                "the alert table is full (%d alerts, %d MiB): %s; give the JVM more memory (-Xmx) or shorten rollguard.lookback",
                table.size(), table.bytes() >> 20, what);
    }

    /** Nothing given up for a whole minute: there is room. */
    void minutePassed() {
        if (calm && (saidResolved || saidFiring)) {
            saidResolved = false;
            saidFiring = false;
            LOG.infof("the alert table has room again (%d alerts, %d MiB)", table.size(), table.bytes() >> 20);
        }
        calm = true;
    }
}
