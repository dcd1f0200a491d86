"""What a run would do and take, found out by a short measurement before it is started."""

from semspill.experiment._forecast._forecast import forecast
from semspill.experiment._forecast._values import Forecast, ForecastPart

__all__ = ["Forecast", "ForecastPart", "forecast"]
