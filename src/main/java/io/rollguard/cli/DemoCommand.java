package io.rollguard.cli;

import io.rollguard.sandbox.demo.Demo;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Option;

/** {@code ./rollguard demo}. The sandbox is on the class path for this command and {@code bench} only. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Plays the whole story on this machine: a real Kafka broker, the real service in mode auto, real webhook posts,",
            "a simulated cluster, and a Slack that prints here. Five acts: a healthy canary, a bad one, a Deployment that",
            "alerts after its promotion, an alert that is older than the release, and one that stable pods fire as well."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {"0:every act was as expected", "1:one was not; the difference is printed", "2:wrong usage"})
final class DemoCommand implements Callable<Integer> {

    @Option(
            names = "--once",
            description = "End after the last act. Else the service stays up, and a curl to try is printed.")
    private boolean once;

    @Option(
            names = "--cluster",
            description =
                    "Play on the cluster of KUBECONFIG, with its real controllers (Argo Rollouts must be there), in a"
                            + " namespace of its own that is removed afterwards.")
    private boolean onCluster;

    @Override
    public Integer call() throws UnreadableInput {
        try {
            return new Demo(once, onCluster, System.out, Ansi.AUTO.enabled()).play();
        } catch (IllegalArgumentException e) {
            throw new UnreadableInput(String.valueOf(e.getMessage()));
        }
    }
}
