package io.rollguard.kubernetes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;

/** Against the control plane of KUBECONFIG, with the real Argo Rollouts controller. */
@Tag("cluster")
class RealBlueGreenTest extends BlueGreenContract {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    @Override
    Shop open() {
        try {
            var kubeconfig = Files.readString(Path.of(System.getenv("KUBECONFIG")));
            var namespace = "blue-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
            return new Shop(kubeconfig, namespace, List.of(namespace));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
