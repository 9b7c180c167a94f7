"""What Dagster sees: assets, checks, sensors and the resource. Only this package and cli/ import Dagster."""
