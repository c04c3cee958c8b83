"""Comparer le reçu au connu : les périodes ne dépendent pas de l'ordre d'arrivée des flux."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from jalon.echanges.flux_caf.extraction import Fait
from jalon.echanges.flux_caf.faits import SANS_FIN, FaitConnu, comparer, completer, periode

JOURS = [f"2026-{mois:02d}-28" for mois in range(1, 9)]
A, B, C = ("a",), ("b",), ("c",)


class Table:
    """Une table de faits en mémoire, écrite comme l'intégration écrit la vraie."""

    def __init__(self) -> None:
        self.lignes: dict[int, FaitConnu] = {}
        self.receptions: list[tuple[str, int]] = []

    def recevoir(self, ordre: tuple[str, int], recus: list[Fait]) -> bool:
        le = ordre[0]
        connus = [c for c in self.lignes.values() if c.debut != c.fin]
        suivantes = [r for r in self.receptions if r > ordre]
        if suivantes:
            ecart = completer(connus, recus, le=le, suivante=min(suivantes)[0])
        else:
            ecart = comparer([c for c in connus if c.fin == SANS_FIN], recus)
        for cle in ecart.a_fermer:
            self.lignes[cle].fin = le
        for cle, debut, fin in ecart.a_redater:
            self.lignes[cle].debut, self.lignes[cle].fin = debut, fin
        for fait, debut, fin in [*((f, le, SANS_FIN) for f in ecart.a_ouvrir), *ecart.a_inserer]:
            cle = len(self.lignes) + 1
            self.lignes[cle] = FaitConnu(cle, debut, fin, fait)
        self.receptions.append(ordre)
        return bool(ecart)

    def vraies(self) -> list[tuple[Fait, str, str]]:
        """Périodes non vides, jointes bout à bout quand le même fait se poursuit."""
        rendues: list[tuple[Fait, str, str]] = []
        restantes = sorted((c.valeurs, c.debut, c.fin) for c in self.lignes.values() if c.debut != c.fin)
        while restantes:
            valeurs, debut, fin = restantes.pop(0)
            while fin and (suite := next((r for r in restantes if r[0] == valeurs and r[1] == fin), None)):
                restantes.remove(suite)
                fin = suite[2]
            rendues.append((valeurs, debut, fin))
        return sorted(rendues)

    def le(self, jour: str) -> Counter[Fait]:
        return Counter(
            c.valeurs
            for c in self.lignes.values()
            if c.debut <= jour and c.debut != c.fin and (not c.fin or c.fin > jour)
        )


def _remplir(instantanes: list[tuple[tuple[str, int], list[Fait]]]) -> Table:
    table = Table()
    for ordre, recus in instantanes:
        table.recevoir(ordre, recus)
    return table


FAITS = st.lists(st.sampled_from([A, B, C]), unique=True)
REPETES = st.lists(st.sampled_from([A, B, C]), max_size=4)


@given(
    st.lists(FAITS, min_size=1, max_size=len(JOURS)).flatmap(
        lambda faits: st.permutations([((JOURS[i], 0), f) for i, f in enumerate(faits)])
    )
)
def test_l_ordre_d_arrivee_ne_change_pas_l_histoire(melange: list[tuple[tuple[str, int], list[Fait]]]) -> None:
    attendue, obtenue = _remplir(sorted(melange)), _remplir(melange)
    assert obtenue.vraies() == attendue.vraies()
    for (jour, _), recus in melange:
        assert obtenue.le(jour) == Counter(recus)


@given(st.permutations([(jour, emission) for jour in JOURS[:3] for emission in (0, 1)]), st.data())
def test_deux_emissions_le_meme_jour_la_derniere_l_emporte(
    ordres: list[tuple[str, int]], tirage: st.DataObject
) -> None:
    recus = {ordre: tirage.draw(FAITS) for ordre in sorted(ordres)}
    attendue = _remplir([(ordre, recus[ordre]) for ordre in sorted(ordres)])
    obtenue = _remplir([(ordre, recus[ordre]) for ordre in ordres])
    assert obtenue.vraies() == attendue.vraies()
    for jour in JOURS[:3]:
        assert obtenue.le(jour) == Counter(recus[jour, 1])


@given(
    st.lists(REPETES, min_size=1, max_size=len(JOURS)).flatmap(
        lambda faits: st.permutations([((JOURS[i], 0), f) for i, f in enumerate(faits)])
    )
)
def test_des_faits_repetes_se_comptent_dans_tous_les_ordres(melange: list[tuple[tuple[str, int], list[Fait]]]) -> None:
    table = _remplir(melange)
    for (jour, _), recus in melange:
        assert table.le(jour) == Counter(recus)


@given(REPETES)
def test_repeter_un_flux_ne_change_rien(recus: list[Fait]) -> None:
    table = _remplir([((JOURS[0], 0), recus)])
    assert not table.recevoir((JOURS[2], 0), recus)
    assert not table.recevoir((JOURS[1], 0), recus)


def test_le_fait_remplace_le_jour_meme_reste_lisible() -> None:
    table = _remplir([((JOURS[0], 0), [A]), ((JOURS[0], 1), [B])])
    assert [(c.valeurs, periode(c.debut, c.fin)) for c in table.lignes.values()] == [
        (A, "empty"), (B, f"[{JOURS[0]},)"),
    ]  # fmt: skip
    inverse = _remplir([((JOURS[0], 1), [B]), ((JOURS[0], 0), [A])])
    assert {(c.valeurs, periode(c.debut, c.fin)) for c in inverse.lignes.values()} == {
        (A, "empty"), (B, f"[{JOURS[0]},)"),
    }  # fmt: skip


def test_plusieurs_faits_egaux_se_comptent() -> None:
    table = _remplir([((JOURS[0], 0), [A, A])])
    table.recevoir((JOURS[1], 0), [A])
    assert table.le(JOURS[1]) == Counter([A])
    assert table.le(JOURS[0]) == Counter([A, A])
