package io.rollguard.scenario;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.rollguard.sandbox.stage.Await;
import io.rollguard.sandbox.stage.Home;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The cluster of KUBECONFIG, and the shipped manifests on it, but for the Deployment: the service runs here, as its account. */
final class RealCluster implements TestCluster {

    private static final String ACCOUNT = "rollguard";

    @Override
    public KubernetesClient connect() {
        var kubeconfig = System.getenv("KUBECONFIG");
        if (kubeconfig == null) {
            throw new IllegalStateException("KUBECONFIG names no cluster: run ./rollguard test --cluster");
        }
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(Path.of(kubeconfig).toFile()))
                .build();
    }

    /** Applies namespace, account and rights, and answers a token of the account. */
    @Override
    public String admit(KubernetesClient owner, String namespace) throws IOException {
        for (var object : shipped(owner)) {
            owner.resource(object).createOr(existing -> existing.update());
        }
        var request = new TokenRequestBuilder()
                .withNewSpec()
                .withExpirationSeconds(3600L)
                .endSpec()
                .build();
        return Await.value(
                "a token of the service's account",
                Duration.ofSeconds(20),
                () -> Stream.ofNullable(owner.serviceAccounts()
                                .inNamespace(namespace)
                                .withName(ACCOUNT)
                                .tokenRequest(request))
                        .map(answer -> answer.getStatus().getToken())
                        .findFirst());
    }

    @Override
    public void mayRead(KubernetesClient owner, String namespace, String secret) {
        var name = "rollguard-secrets";
        owner.rbac()
                .roles()
                .inNamespace(namespace)
                .resource(new RoleBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .addNewRule()
                        .withApiGroups("")
                        .withResources("secrets")
                        .withResourceNames(secret)
                        .withVerbs("get")
                        .endRule()
                        .build())
                .create();
        owner.rbac()
                .roleBindings()
                .inNamespace(namespace)
                .resource(new RoleBindingBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .withNewRoleRef("rbac.authorization.k8s.io", "Role", name)
                        .addNewSubject("", "ServiceAccount", ACCOUNT, Scene.OWN_NAMESPACE)
                        .build())
                .create();
    }

    @Override
    public void disconnect(KubernetesClient owner) throws IOException {
        for (var object : shipped(owner).reversed()) {
            owner.resource(object).delete();
        }
        Await.until(
                "the service's namespace is gone",
                Duration.ofSeconds(60),
                () -> shippedNamespaces(owner).stream()
                        .allMatch(name -> owner.namespaces().withName(name).get() == null));
        owner.close();
    }

    @Override
    public boolean type(String command) {
        try {
            var shell = new ProcessBuilder("bash", "-euc", command)
                    .redirectErrorStream(true)
                    .start();
            shell.getOutputStream().close();
            var said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (shell.waitFor() != 0) {
                throw new AssertionError("'%s' failed: %s".formatted(command, said));
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static List<String> shippedNamespaces(KubernetesClient client) {
        try {
            return shipped(client).stream()
                    .filter(object -> object instanceof Namespace)
                    .map(object -> object.getMetadata().getName())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<HasMetadata> shipped(KubernetesClient client) throws IOException {
        var k8s = Home.current().root().resolve("k8s");
        var objects = new ArrayList<HasMetadata>();
        for (var file : List.of(
                "base/namespace.yaml",
                "base/serviceaccount.yaml",
                "base/rbac.yaml",
                "components/abort-only/rbac.yaml",
                "components/abort-only/switch.yaml",
                "components/abort-only/guardrail.yaml",
                "components/full/rbac.yaml",
                "components/full/preflight.yaml",
                "components/delete-stuck-pods/rbac.yaml")) {
            try (var in = Files.newInputStream(k8s.resolve(file))) {
                client.load(in).items().stream()
                        .filter(object -> !(object instanceof Deployment))
                        .forEach(objects::add);
            }
        }
        return objects;
    }
}
