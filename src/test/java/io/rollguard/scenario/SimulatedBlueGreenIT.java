package io.rollguard.scenario;

/** Blue-green and referenced templates on the simulated cluster. */
class SimulatedBlueGreenIT extends BlueGreenScenarios {

    SimulatedBlueGreenIT() {
        super(new Simulated());
    }
}
