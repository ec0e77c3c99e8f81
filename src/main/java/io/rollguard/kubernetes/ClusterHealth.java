package io.rollguard.kubernetes;

import io.smallrye.health.api.HealthGroup;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** Whether the cluster's picture is whole, and what is missing. Taking alerts in does not depend on it. */
@HealthGroup("reactor")
@Singleton
class ClusterHealth implements HealthCheck {

    private final FabricCluster cluster;

    ClusterHealth(FabricCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("cluster").status(cluster.isWhole());
        if (!cluster.isConfigured()) {
            return response.withData("reason", "no cluster is configured").build();
        }
        cluster.gaps().forEach(response::withData);
        return response.withData("workloads", cluster.objects().workloadCount())
                .withData("pods", cluster.objects().podCount())
                .withData("unreadable", cluster.unreadable())
                .withData("rights", cluster.reviews().summary())
                .build();
    }
}
