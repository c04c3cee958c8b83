"""Composer l'ordre du jour : inscrire, remplir, ranger, retirer, se retirer, noter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.selectors import Evaluation, evaluations_precedentes
from jalon.instances.acces import SIEGER, conduit, exiger_conduite, siege_de, tient_instance
from jalon.instances.models import (
    AvisDossier,
    ChoixOrientation,
    DeportMembre,
    DossierSeance,
    EtatDossierSeance,
    EtatSeance,
    MembreInstance,
    NatureInstance,
    NotePartenaire,
    Seance,
    SensAvisDossier,
    ThemeInstance,
)
from jalon.instances.seances import decommander_les_auditions, oublier_les_auditions, verrouiller_seance
from jalon.instances.selectors import candidats, demandes_a_examiner
from jalon.instances.workflows import exiger_dossier, exiger_seance
from jalon.orientations.criteres import liste_en_vigueur
from jalon.orientations.models import AttenteOrientation, DemandeReorientation, TypeOrientation
from jalon.orientations.propositions import enregistrer_proposition, proposer
from jalon.personnes.models import Personne
from jalon.referentiels.models import Libelle
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.models import PublicModel
from jalon.traces.services import tracer

MAXIMUM = 200
"""Une séance ne dépasse pas ce nombre de dossiers : au-delà, personne ne les examine."""
VIVANTS = (EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE)
Objet = TypeVar("Objet")


# --- Inscrire


@transaction.atomic
def inscrire_dossiers(
    seance: Seance,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    attentes: Iterable[UUID] = (),
    demandes: Iterable[UUID] = (),
) -> list[DossierSeance]:
    """Inscrit des personnes de la file, ou des demandes de réorientation, à la suite de l'ordre du jour.

    Ne retient que celles du territoire de l'instance, du périmètre, et d'aucune autre séance à venir : les autres
    sont ignorées, et le nombre rendu le dit. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger("seances.preparer")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "inscrire")
    exiger_nature(seance, NatureInstance.ORIENTATION)
    retenues = candidats(perimetre, seance).filter(public_id__in=list(attentes))
    reprises = demandes_a_examiner(perimetre, seance).filter(public_id__in=list(demandes))
    return _inscrire(seance, acteur, perimetre, _verrou(retenues), _verrou(reprises))


@transaction.atomic
def remplir_ordre_du_jour(
    seance: Seance, *, acteur: Agent, perimetre: Perimetre, jusqua: int, attentes: Any = None
) -> list[DossierSeance]:
    """Remplit l'ordre du jour jusqu'à `jusqua` dossiers, par ordre d'échéance : les plus en retard d'abord.

    `attentes` restreint aux lignes d'un filtre de l'écran.
    """
    perimetre.exiger("seances.preparer")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "inscrire")
    exiger_nature(seance, NatureInstance.ORIENTATION)
    tenus = seance.dossiers.filter(etat__in=VIVANTS).count()
    places = min(jusqua, MAXIMUM) - tenus
    if places <= 0:
        raise JalonError(f"L'ordre du jour compte déjà {tenus} dossiers : demandez-en davantage, ou retirez-en.")
    libres = candidats(perimetre, seance) if attentes is None else attentes
    cles = list(libres.order_by("echeance", "pk").values_list("pk", flat=True)[:places])
    if not cles:
        raise JalonError("Personne d'autre n'attend sous ce filtre : l'ordre du jour ne change pas.")
    return _inscrire(seance, acteur, perimetre, _verrou(AttenteOrientation.objects.filter(pk__in=cles)), [])


def exiger_nature(seance: Seance, nature: NatureInstance) -> None:
    """Lève `JalonError` si l'instance de cette séance fait autre chose."""
    if seance.instance.type.nature != nature:
        raise JalonError(
            f"« {seance.instance} » n'examine pas ce genre de dossier : choisissez une séance d'une autre instance."
        )


def _verrou(lignes: Any) -> list[Any]:
    return list(lignes.select_for_update(of=("self",)).order_by("pk"))


def _inscrire(
    seance: Seance,
    acteur: Agent,
    perimetre: Perimetre,
    attentes: Sequence[AttenteOrientation],
    demandes: Sequence[DemandeReorientation],
) -> list[DossierSeance]:
    """Crée les dossiers et leur choix vide, en un nombre fixe d'écritures."""
    entrees: list[tuple[AttenteOrientation | DemandeReorientation, ThemeInstance]] = []
    actifs = ThemeInstance.objects.filter(type=seance.instance.type_id, actif=True).order_by("-ordre")
    themes = {theme.effet: theme for theme in actifs}
    entrees += [(a, _theme(themes, "orientation")) for a in sorted(attentes, key=lambda a: (a.echeance, a.pk))]
    entrees += [(d, _theme(themes, "reorientation")) for d in sorted(demandes, key=lambda d: (d.demandee_le, d.pk))]
    dossiers, libres = creer_dossiers(seance, acteur, [(ligne, theme, ligne.personne_id) for ligne, theme in entrees])
    ChoixOrientation.objects.bulk_create(
        ChoixOrientation(
            dossier=dossier,
            attente=ligne if isinstance(ligne, AttenteOrientation) else None,
            demande=ligne if isinstance(ligne, DemandeReorientation) else None,
        )
        for dossier, ligne in zip(dossiers, libres, strict=True)
    )
    preparer_dossiers(dossiers)
    tracer_inscription(seance, acteur, perimetre, dossiers)
    return dossiers


def creer_dossiers(
    seance: Seance, acteur: Agent, entrees: Sequence[tuple[Objet, ThemeInstance, int]]
) -> tuple[list[DossierSeance], list[Objet]]:
    """Crée les dossiers des personnes libres, à la suite ; rend les dossiers et les objets retenus, dans le même ordre.

    `entrees` : l'objet qui fait inscrire, son thème, sa personne. Une personne n'est qu'une fois à l'ordre du jour
    d'une nature d'instance. Lève `JalonError`, `TransitionRefuseeError`.
    """
    nature = seance.instance.type.nature
    deja = set(
        DossierSeance.objects.filter(
            etat__in=VIVANTS, nature=nature, personne_id__in=[personne for _, _, personne in entrees]
        )
        .order_by("pk")
        .values_list("personne_id", flat=True)
    )
    libres: list[tuple[Objet, ThemeInstance, int]] = []
    for entree in entrees:
        if entree[2] not in deja:
            deja.add(entree[2])
            libres.append(entree)
    if not libres:
        raise JalonError("Aucune de ces personnes n'est à inscrire : elles le sont déjà, ou n'attendent plus.")
    if seance.dossiers.filter(etat__in=VIVANTS).count() + len(libres) > MAXIMUM:
        raise JalonError(f"Une séance ne dépasse pas {MAXIMUM} dossiers : planifiez-en une seconde.")
    dernier = seance.dossiers.aggregate(m=Max("rang"))["m"] or 0
    try:
        with transaction.atomic():
            dossiers = DossierSeance.objects.bulk_create(
                DossierSeance(
                    seance=seance, personne_id=personne, theme=theme, rang=dernier + rang, inscrit_par=acteur,
                    nature=nature,
                )
                for rang, (_, theme, personne) in enumerate(libres, start=1)
            )  # fmt: skip
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            "Une de ces personnes vient d'être inscrite à une autre séance : rechargez la page."
        ) from erreur
    _garder_les_retraits(seance, dossiers)
    return dossiers, [objet for objet, _, _ in libres]


def _garder_les_retraits(seance: Seance, dossiers: Sequence[DossierSeance]) -> None:
    """Qui s'est retiré du dossier d'une personne ne le lit pas davantage quand il revient devant l'instance."""
    revenus = {dossier.personne_id: dossier for dossier in dossiers}
    connus = (
        DeportMembre.objects.filter(dossier__personne__in=revenus, membre__instance=seance.instance)
        .exclude(dossier__in=dossiers)
        .select_related("dossier")
        .order_by("pk")
    )
    retraits = {(deport.dossier.personne_id, deport.membre_id): deport for deport in connus}
    DeportMembre.objects.bulk_create(
        DeportMembre(dossier=revenus[personne], membre_id=membre, motif=deport.motif, note_par_id=deport.note_par_id)
        for (personne, membre), deport in retraits.items()
    )


def tracer_inscription(seance: Seance, acteur: Agent, perimetre: Perimetre, dossiers: Sequence[DossierSeance]) -> None:
    """Note au journal qui vient d'être inscrit."""
    publics = DossierSeance.objects.filter(pk__in=[d.pk for d in dossiers]).order_by("rang")
    tracer(
        "instances.dossiers.inscrits", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=list(publics.values_list("personne__public_id", flat=True)),
        resume=(
            f"{'Un dossier inscrit' if len(dossiers) == 1 else f'{len(dossiers)} dossiers inscrits'} "
            f"à l'ordre du jour ({seance.instance})"
        )[:300],
    )  # fmt: skip


def _theme(themes: dict[str, ThemeInstance], effet: str) -> ThemeInstance:
    if effet not in themes:
        raise JalonError("Cette instance n'examine pas ce genre de dossier : choisissez une autre instance.")
    return themes[effet]


def preparer_dossiers(dossiers: Collection[DossierSeance]) -> None:
    """Relève les pièces de chaque dossier et l'avis calculé, tels qu'ils sont à ce moment."""
    cles = [dossier.personne_id for dossier in dossiers]
    lues, jour, liste = evaluations_precedentes(cles), timezone.localdate(), liste_en_vigueur()
    themes = {theme.pk: theme for theme in ThemeInstance.objects.filter(pk__in={d.theme_id for d in dossiers})}
    personnes = {personne.pk: personne for personne in Personne.objects.filter(pk__in=cles).order_by("pk")}
    choix = {c.dossier_id: c for c in ChoixOrientation.objects.filter(dossier__in=dossiers).order_by("pk")}
    for dossier in dossiers:
        dossier.pieces = relever_pieces(themes[dossier.theme_id], lues[dossier.personne_id])
        avis = proposer(personnes[dossier.personne_id], jour, liste)
        choix[dossier.pk].proposition = enregistrer_proposition(avis)
    DossierSeance.objects.bulk_update(dossiers, ["pieces"])
    ChoixOrientation.objects.bulk_update(choix.values(), ["proposition"])


def relever_pieces(
    theme: ThemeInstance, evaluation: Evaluation, autres: dict[str, dict[str, str]] | None = None
) -> list[dict[str, str]]:
    """Pièces que le thème demande : présentes avec leur date et leur référence, ou manquantes.

    `autres` : celles qui ne viennent pas de l'évaluation (procédure, contrat).
    """
    recueil, passation = evaluation.recueil, evaluation.passation
    connues = {
        "recueil": _piece("recueil", mot("diagnostic"), recueil.date_recueil if recueil else None, recueil),
        "grille": _piece("grille", mot("echelle"), passation.date_passation if passation else None, passation),
        "demande": _piece("demande", mot("reorientation"), None, None),
        **(autres or {}),
    }
    return [connues[code] for code in theme.pieces if code in connues]


def _piece(code: str, nom: Libelle, jour: date | None, objet: PublicModel | None) -> dict[str, str]:
    return decrire_piece(code, nom.singulier, nom.court or nom.singulier, jour, objet)


def decrire_piece(
    code: str, libelle: str, court: str, jour: date | None, objet: PublicModel | None, *, sans: str = "manque"
) -> dict[str, str]:
    """Une pièce, telle qu'une séance la garde ; `sans` dit ce que vaut son absence."""
    return {
        "code": code, "libelle": libelle[:1].upper() + libelle[1:], "court": court[:1].upper() + court[1:],
        "date": jour.isoformat() if jour else "", "reference": str(objet.public_id) if objet else "", "sans": sans,
    }  # fmt: skip


# --- Ranger et retirer


@transaction.atomic
def ranger_dossiers(
    seance: Seance, *, acteur: Agent, perimetre: Perimetre, ordre: str = "", dossier: UUID | None = None, pas: int = 0
) -> None:
    """Range tout l'ordre du jour (`echeance`, `nom`, `avis`), ou déplace un dossier d'un cran."""
    perimetre.exiger("seances.preparer")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "retirer")
    vivants = list(
        seance.dossiers.filter(etat__in=VIVANTS)
        .select_related(
            "personne",
            "choix__attente",
            "choix__demande",
            "choix__proposition",
            "avis_rendu__manquement",
            "avis_rendu__demande",
            "avis_rendu__contrat",
        )
        .order_by("rang", "pk")
    )
    if dossier is not None:
        cle = next((i for i, d in enumerate(vivants) if d.public_id == dossier), None)
        if cle is None or not 0 <= cle + pas < len(vivants):
            return
        vivants[cle], vivants[cle + pas] = vivants[cle + pas], vivants[cle]
    else:
        vivants.sort(key=_CLES.get(ordre, _par_echeance))
    places = sorted(d.rang for d in vivants)
    for rang, d in zip(places, vivants, strict=True):
        d.rang = rang
    DossierSeance.objects.bulk_update(vivants, ["rang"])
    tracer(
        "instances.ordre_du_jour.range", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"Ordre du jour rangé ({seance.instance})"[:300],
    )  # fmt: skip


def _par_echeance(dossier: DossierSeance) -> tuple[str, int]:
    if dossier.nature == NatureInstance.AVIS:
        jour = saisie_le(dossier.avis_rendu)
        return (jour.isoformat() if jour else "", dossier.pk)
    choix = dossier.choix
    jour = choix.attente.echeance if choix.attente else choix.demande.demandee_le if choix.demande else None
    return (jour.isoformat() if jour else "", dossier.pk)


def _par_nom(dossier: DossierSeance) -> tuple[str, str, int]:
    return (dossier.personne.nom, dossier.personne.prenom, dossier.pk)


def _par_avis(dossier: DossierSeance) -> tuple[int, str, int]:
    if dossier.nature == NatureInstance.AVIS:
        return _par_theme(dossier)
    proposition = dossier.choix.proposition
    return (proposition.type_id or 0 if proposition else 0, *_par_echeance(dossier))


def _par_theme(dossier: DossierSeance) -> tuple[int, str, int]:
    return (dossier.theme_id, *_par_echeance(dossier))


def _par_passage(dossier: DossierSeance) -> tuple[str, int]:
    return (dossier.passage_a.isoformat() if dossier.passage_a else "99", dossier.rang)


def saisie_le(avis: AvisDossier) -> date | None:
    """Jour depuis lequel l'objet de l'avis attend."""
    if avis.manquement is not None:
        return avis.manquement.saisi_le
    if avis.demande is not None:
        return avis.demande.demandee_le
    return avis.contrat.recu_le if avis.contrat is not None else None


_CLES: dict[str, Any] = {
    "echeance": _par_echeance, "nom": _par_nom, "avis": _par_avis, "theme": _par_theme, "passage": _par_passage,
}  # fmt: skip


@transaction.atomic
def retirer_dossier(dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, motif: str) -> DossierSeance:
    """Retire un dossier de l'ordre du jour ; la personne reste dans la file."""
    perimetre.exiger("seances.preparer")
    seance = verrouiller_seance(dossier.seance)
    exiger_seance(seance.etat, "retirer")
    dossier = verrouiller_dossier(dossier)
    exiger_dossier(dossier.etat, "retirer")
    ce_dossier = DossierSeance.objects.filter(pk=dossier.pk)
    if seance.etat == EtatSeance.OUVERTE:
        oublier_les_auditions(ce_dossier)
    else:
        decommander_les_auditions(ce_dossier, seance=seance, acteur=acteur)
    dossier.etat, dossier.motif = EtatDossierSeance.RETIRE, motif.strip() or "Retiré avant la séance"
    dossier.sorti_le = timezone.localdate()
    dossier.save(update_fields=["etat", "motif", "sorti_le"])
    tracer(
        "instances.dossier.retire", dossier, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[dossier.personne.public_id], vers=EtatDossierSeance.RETIRE, motif=dossier.motif,
        resume=f"Retiré de l'ordre du jour ({seance.instance})"[:300],
    )  # fmt: skip
    return dossier


def verrouiller_dossier(dossier: DossierSeance) -> DossierSeance:
    """Le dossier, seul à changer jusqu'à la fin de l'acte."""
    return DossierSeance.objects.select_for_update(of=("self",)).select_related("personne", "theme").get(pk=dossier.pk)


# --- Ce que font les membres


@transaction.atomic
def retirer_membre(
    dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, membre: MembreInstance, motif: str
) -> DeportMembre:
    """Note qu'un membre se retire d'un dossier (conflit d'intérêts) : il ne le lit plus et n'y compte plus.

    Chacun se retire pour soi ; la présidence et le secrétariat le notent pour tous.
    """
    seance = verrouiller_seance(dossier.seance)
    exiger_seance(seance.etat, "noter")
    if membre.agent_id != acteur.pk and not conduit(perimetre, seance):
        raise DroitManquantError("Chacun se retire pour soi-même : demandez à la présidence de le noter.")
    if membre.instance_id != seance.instance_id:
        raise JalonError(f"{membre.nom} ne siège pas dans cette instance.")
    if not motif.strip():
        raise JalonError("Dites en un mot ce qui vous lie à ce dossier : le procès-verbal le mentionne.")
    deport, nouveau = DeportMembre.objects.get_or_create(
        dossier=dossier, membre=membre, defaults={"motif": motif.strip(), "note_par": acteur}
    )
    if not nouveau:
        raise TransitionRefuseeError(f"{membre.nom} s'est déjà retiré de ce dossier.")
    NotePartenaire.objects.filter(dossier=dossier, membre=membre).delete()
    tracer(
        "instances.membre.retire", dossier, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[dossier.personne.public_id], motif=motif.strip(), resume=f"{membre.nom} se retire du dossier"[:300],
    )  # fmt: skip
    return deport


@transaction.atomic
def annuler_retrait(
    dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, membre: MembreInstance, motif: str
) -> None:
    """Défait un retrait noté par erreur, tant que le dossier n'est pas examiné ; l'acte et sa raison restent au journal.

    Seuls la présidence et le secrétariat le peuvent, et personne pour soi-même : un conflit d'intérêts ne se lève pas
    seul. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    seance = verrouiller_seance(dossier.seance)
    exiger_conduite(perimetre, seance)
    exiger_seance(seance.etat, "noter")
    dossier = verrouiller_dossier(dossier)
    if membre.agent_id == acteur.pk:
        raise DroitManquantError("Votre retrait ne se défait pas par vous-même : demandez-le au secrétariat.")
    if dossier.etat != EtatDossierSeance.INSCRIT:
        raise TransitionRefuseeError("Ce dossier n'est plus à examiner : le retrait reste au procès-verbal.")
    if not motif.strip():
        raise JalonError("Dites pourquoi ce retrait n'a pas lieu d'être : le journal le garde.")
    defaits, _ = DeportMembre.objects.filter(dossier=dossier, membre=membre).delete()
    if not defaits:
        raise TransitionRefuseeError(f"{membre.nom} ne s'est pas retiré de ce dossier : rechargez la page.")
    tracer(
        "instances.membre.retrait_annule", dossier, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[dossier.personne.public_id], motif=motif.strip(),
        resume=f"Retrait de {membre.nom} annulé"[:300],
    )  # fmt: skip


@transaction.atomic
def noter_dossier(
    dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, opinion: str = "", texte: str = ""
) -> NotePartenaire | None:
    """Pose ou change la note d'un membre sur un dossier ; vide, elle s'efface. Les seuls membres la lisent.

    Lève `DroitManquantError` à qui ne siège pas, `TransitionRefuseeError` hors de la convocation à la clôture.
    """
    seance = dossier.seance
    exiger_seance(seance.etat, "noter")
    exiger_dossier(dossier.etat, "noter")
    perimetre.exiger(SIEGER)
    membre = siege_de(perimetre, seance.instance)
    if membre is None:
        raise DroitManquantError("Seuls les membres de l'instance laissent une note sur ses dossiers.")
    if DeportMembre.objects.filter(dossier=dossier, membre=membre).exists():
        raise DroitManquantError("Vous vous êtes retiré de ce dossier : vous n'y laissez plus de note.")
    _une_note_par_siege(verrouiller_dossier(dossier), membre)
    if opinion and opinion not in opinions_possibles(seance):
        raise JalonError("Cette opinion n'est pas de la liste : choisissez-en une autre.")
    if not opinion and not texte.strip():
        NotePartenaire.objects.filter(dossier=dossier, membre=membre).delete()
        return None
    note, _ = NotePartenaire.objects.update_or_create(
        dossier=dossier, membre=membre, defaults={"opinion": opinion, "texte": texte.strip()}
    )
    tracer(
        "instances.note.posee", dossier, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[dossier.personne.public_id], resume=f"Note de {membre.nom}"[:300],
    )  # fmt: skip
    return note


def _une_note_par_siege(dossier: DossierSeance, membre: MembreInstance) -> None:
    """Un titulaire et ses suppléants n'ont qu'une voix (F037) : le premier qui recommande parle pour le siège."""
    meme_siege = Q(membre=membre.siege_id) | Q(membre__supplee=membre.siege_id)
    autre = (
        NotePartenaire.objects.filter(meme_siege, dossier=dossier)
        .exclude(membre=membre)
        .select_related("membre__agent")
        .first()
    )
    if autre is not None:
        raise TransitionRefuseeError(
            f"{autre.membre.nom} a déjà donné une note pour ce siège : demandez-lui de la compléter ou de l'effacer."
        )


SANS_OPINION = "reserve"


def opinions_possibles(seance: Seance) -> dict[str, str]:
    """Ce qu'un membre peut recommander d'un geste : un type d'orientation, ou un avis ; sinon, en débattre."""
    if seance.instance.type.nature == NatureInstance.AVIS:
        pour, contre = SensAvisDossier.FAVORABLE, SensAvisDossier.DEFAVORABLE
        return {pour.value: pour.label, contre.value: contre.label, SANS_OPINION: "À débattre"}
    types = TypeOrientation.objects.filter(actif=True).order_by("ordre", "pk").values_list("code", "libelle")
    return {**dict(types), SANS_OPINION: "À débattre"}


def lit_les_notes(perimetre: Perimetre, seance: Seance) -> bool:
    """Les notes se lisent entre membres ; le secrétaire les voit pour préparer la séance."""
    if perimetre.agent is None:
        return False
    return siege_de(perimetre, seance.instance) is not None or (
        seance.secretaire_id == perimetre.agent.pk and tient_instance(perimetre, seance.instance)
    )
