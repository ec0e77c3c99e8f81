package io.rollguard.wrong.ingest;

import io.rollguard.wrong.alert.ReadsTheClock;
import io.rollguard.wrong.cli.Command;
import io.rollguard.wrong.slack.Edge;

/** An edge that imports another one, a command, and closes a cycle. */
public final class KnowsAnotherEdge {

    public Edge edge = new Edge();
    public Command command = new Command();
    public ReadsTheClock cycle;
}
