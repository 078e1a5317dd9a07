"""Several predictions, which a notebook shows as one table."""

from __future__ import annotations

from cistrace.predictions.prediction import Prediction


class Predictions(list[Prediction]):
    """A list of predictions like any other, but for how a notebook shows it."""

    def _repr_html_(self) -> str:
        from cistrace.predictions.html import predictions_html  # as in `Prediction`

        return predictions_html(self)
