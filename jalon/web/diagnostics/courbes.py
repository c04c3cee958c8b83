"""L'image d'une évolution : une ligne par question à travers le temps, dessinée par le serveur (F031)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from jalon.diagnostics.evolution import Evolution
from jalon.observatoire.graphiques import POLICE, nettoyer
from jalon.web.templatetags.jalon import date_courte

HAUTEUR, PAS = 58, 96
ENCRE = "currentColor"

Trace = tuple[str, int, tuple[tuple[str, int], ...]]
"""Question, nombre d'échelons, réponses (jour, rang)."""


def courbes(suivi: Evolution, titre: str) -> SafeString | str:
    """SVG de l'évolution ; vide tant qu'une question n'a pas deux réponses."""
    traces = tuple(
        (t.libelle, t.echelons, tuple((date_courte(p.jour), p.rang) for p in t.points if p.rang is not None))
        for t in suivi.trajets
    )
    jours = tuple(dict.fromkeys(date_courte(jour) for jour in suivi.jours))
    if len(jours) < 2 or all(len(reponses) < 2 for _, _, reponses in traces):
        return ""
    return mark_safe(_svg(traces, jours, titre))


@lru_cache(maxsize=128)
def _svg(traces: tuple[Trace, ...], jours: tuple[str, ...], titre: str) -> str:
    import vl_convert

    return nettoyer(vl_convert.vegalite_to_svg(_specification(traces, jours)), titre)


def _specification(traces: tuple[Trace, ...], jours: tuple[str, ...]) -> dict[str, Any]:
    """Le rang 1, le plus proche de l'emploi, est en haut ; chaque point porte son rang, qui se lit sans couleur."""
    import altair as alt

    valeurs = [
        {"question": question, "jour": jour, "rang": rang}
        for question, _, reponses in traces
        for jour, rang in reponses
    ]
    hauteur = max(echelons for _, echelons, _ in traces)
    base = alt.Chart().encode(
        x=alt.X(
            "jour:N",
            sort=list(jours),
            scale=alt.Scale(domain=list(jours)),
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, labelPadding=6),
        ),
        y=alt.Y("rang:Q", scale=alt.Scale(domain=[hauteur + 0.5, -0.5], zero=False, nice=False), axis=None),
    )
    ligne = base.mark_line(color=ENCRE, strokeWidth=1.5, opacity=0.55)
    point = base.mark_circle(color=ENCRE, size=60, opacity=1)
    texte = base.mark_text(dy=-11, fontSize=13, color=ENCRE, aria=False).encode(text="rang:Q")
    graphe = (
        alt.layer(ligne, point, texte, data=alt.InlineData(values=valeurs))
        .properties(width=PAS * len(jours), height=HAUTEUR)
        .facet(
            row=alt.Row(
                "question:N",
                sort=[question for question, _, _ in traces],
                title=None,
                header=alt.Header(labelAngle=0, labelAlign="left", labelFontSize=14, labelLimit=190, labelColor=ENCRE),
            ),
            spacing=2,
        )
        .configure(font=POLICE, background="transparent", padding={"left": 0, "top": 0, "bottom": 0, "right": 8})
        .configure_view(stroke=ENCRE, strokeWidth=0.25)
        .configure_axis(labelFontSize=14, labelColor=ENCRE, grid=False)
    )
    specification: dict[str, Any] = graphe.to_dict()
    return specification
