package io.rollguard.kubernetes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;

/**
 * Against the control plane of KUBECONFIG: the real API server and controllers. With ROLLGUARD_TEST_KUBECONFIG as well,
 * Rollguard comes in by that one: with the rights of its account, say, as k8s/ gives them.
 */
@Tag("cluster")
class RealClusterTest extends ClusterContract {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    @Override
    Shop open() {
        try {
            var people = Files.readString(Path.of(System.getenv("KUBECONFIG")));
            var own = System.getenv("ROLLGUARD_TEST_KUBECONFIG");
            var rollguard = own == null ? people : Files.readString(Path.of(own));
            var namespace = "kube-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
            return new Shop(people, rollguard, namespace, List.of(namespace));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
