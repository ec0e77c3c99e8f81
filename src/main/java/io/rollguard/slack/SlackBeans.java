package io.rollguard.slack;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes what knows nothing of where it runs. */
@Singleton
class SlackBeans {

    @Produces
    @Singleton
    SlackState state() {
        return new SlackState();
    }
}
