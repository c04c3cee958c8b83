"""Actes sur une demande d'allocation, du premier contact à la liquidation (F017 à F021)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.droits import instruction
from jalon.droits.demandes import (
    BrouillonInstruction,
    DemandeInstruction,
    EtatDemande,
    PieceDemandee,
    RetourDemande,
    SimulationDroit,
)
from jalon.droits.models import DossierRsa, EtatDossier, Evenement, Situation
from jalon.droits.workflows import exiger_pas
from jalon.organismes.models import Organisme
from jalon.personnes.creation import ouvrir_dossier, refermer_dossier
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne, RaisonPartage, Rattachement
from jalon.referentiels.parametres import ajouter_mois
from jalon.referentiels.profil.instruction import Motif
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DROIT = "instruction.saisir"
REFUS_CAISSE = "Droit refusé par l'organisme payeur"


def _verrouiller(demande: DemandeInstruction) -> DemandeInstruction:
    return (
        DemandeInstruction.objects.select_for_update(of=("self",))
        .select_related("personne", "organisme__type")
        .get(pk=demande.pk)
    )


def _jour(le: date | None, demande: DemandeInstruction | None = None) -> date:
    """Date d'une étape : aujourd'hui par défaut, jamais à venir, jamais avant le dépôt."""
    aujourdhui = timezone.localdate()
    le = le or aujourdhui
    if le > aujourdhui:
        raise JalonError("Cette date est à venir : écrivez le jour où c'est arrivé.")
    if demande is not None and le < demande.depot_le:
        raise JalonError(f"Cette date précède le dépôt de la demande ({demande.depot_le:%d/%m/%Y}) : corrigez-la.")
    return le


def _tracer(
    code: str, demande: DemandeInstruction, *, acteur: Agent | None, perimetre: Perimetre | None, resume: str,
    de: str = "", motif: str = "",
) -> None:  # fmt: skip
    tracer(
        f"droits.demande.{code}", demande, acteur=acteur, personnes=[demande.personne.public_id],
        organisme=perimetre.organisme_principal if perimetre else "", de=de,
        vers=demande.etat if de else "", motif=motif, resume=resume[:300],
    )  # fmt: skip


# --- Premier contact


@transaction.atomic
def deposer_demande(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    organisme: Organisme,
    depot_le: date | None = None,
    situations: Iterable[str] = (),
    reponses: Mapping[str, str] | None = None,
    soumise: bool | None = None,
    ecart: str = "",
    ecart_precision: str = "",
    pieces_recues: Iterable[str] = (),
    commune: str = "",
) -> DemandeInstruction:
    """Enregistre le premier contact (D10, R04) : date de dépôt, test, pièces, organisme qui reçoit.

    L'organisme proposé (R08) n'oblige personne : choisir ailleurs demande seulement d'en dire la raison.
    """
    perimetre.exiger(DROIT)
    jour = _jour(depot_le)
    donnees = instruction.reglage()
    reponses = dict(reponses or {})
    connues = {s.code: s for s in donnees.situations}
    situations = [code for code in connues if code in set(situations)]
    if not instruction.lieux_habilites(timezone.localdate()).filter(pk=organisme.pk).exists():
        raise JalonError(f"{organisme} n'est pas habilité à instruire une demande : choisissez un autre organisme.")
    Personne.objects.select_for_update(of=("self",)).get(pk=personne.pk)
    if DemandeInstruction.objects.filter(personne=personne, close_le=None).exists():
        raise TransitionRefuseeError(
            "Cette personne a déjà une demande en cours : ouvrez-la depuis son dossier et complétez-la."
        )
    regle = instruction.regle_aiguillage(donnees, situations)
    conseil = [categorie.value for categorie in regle.vers]
    libelle_ecart = _motif_ecart(donnees.motifs_ecart, ecart, ecart_precision)
    if organisme.type.categorie in conseil:
        libelle_ecart = ecart_precision = ""
    elif not libelle_ecart:
        raise JalonError(
            "Cet organisme n'est pas celui proposé : c'est permis, dites seulement pourquoi (par exemple, le choix "
            "de la personne)."
        )
    try:
        with transaction.atomic(), effets_complets():
            demande = DemandeInstruction.objects.create(
                personne=personne, depot_le=jour, organisme=organisme, recue_par=acteur, situations=situations,
                reponses=instruction.instantane(donnees, reponses),
                resultat=instruction.resultat_test(donnees, reponses), soumise=soumise, conseil=conseil,
                ecart_motif=libelle_ecart, ecart_precision=ecart_precision.strip(),
                echeance=ajouter_mois(jour, "instruction.delai_complement"),
            )  # fmt: skip
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            "Cette personne a déjà une demande en cours, déposée ailleurs : elle doit être close d'abord."
        ) from erreur
    recues = set(pieces_recues)
    with effets_complets():
        PieceDemandee.objects.bulk_create(
            PieceDemandee(
                demande=demande, code=piece.code, libelle=piece.libelle, demandee_le=jour,
                recue_le=jour if piece.code in recues else None,
            )
            for piece in instruction.pieces_a_demander(donnees, situations)
        )  # fmt: skip
        if PieceDemandee.objects.filter(demande=demande, recue_le=None).exists():
            demande.etat = EtatDemande.PIECES_ATTENDUES
            demande.save(update_fields=["etat"])
        ouvrir_dossier(personne, organisme, raison=RaisonPartage.INSTRUCTION, jour=timezone.localdate())
        BrouillonInstruction.objects.filter(agent=acteur).delete()
    _tracer(
        "deposee", demande, acteur=acteur, perimetre=perimetre, motif=libelle_ecart,
        resume=f"Demande déposée le {jour:%d/%m/%Y} auprès de {organisme}",
    )  # fmt: skip
    return demande


def _motif_ecart(motifs: Iterable[Motif], code: str, precision: str) -> str:
    if not code:
        return ""
    motif = next((m for m in motifs if m.code == code), None)
    if motif is None:
        raise JalonError("Ce motif n'est pas dans la liste : choisissez-en un autre.")
    if motif.precision and not precision.strip():
        raise JalonError("Précisez en quelques mots cette autre raison.")
    return motif.libelle


@transaction.atomic
def garder_brouillon(contenu: Mapping[str, object], *, acteur: Agent) -> BrouillonInstruction:
    """Garde la saisie en cours de l'agent ; la précédente est remplacée."""
    return BrouillonInstruction.objects.update_or_create(agent=acteur, defaults={"contenu": dict(contenu)})[0]


@transaction.atomic
def jeter_brouillon(*, acteur: Agent) -> None:
    """Efface la saisie en cours."""
    BrouillonInstruction.objects.filter(agent=acteur).delete()


# --- Pièces


@transaction.atomic
def noter_pieces(
    demande: DemandeInstruction,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    recues: Iterable[str] = (),
    ecartees: Iterable[str] = (),
    ajoutees: Iterable[str] = (),
    le: date | None = None,
) -> DemandeInstruction:
    """Note les pièces reçues, celles devenues inutiles et celles à demander en plus ; le reste manque encore.

    Quand plus rien ne manque, la demande n'attend plus de pièces : l'instruire reste un geste à part.
    """
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    if demande.etat not in (EtatDemande.DEPOSEE, EtatDemande.PIECES_ATTENDUES):
        raise TransitionRefuseeError(
            f"Cette demande est « {demande.get_etat_display().lower()} » : ses pièces ne changent plus."
        )
    jour = _jour(le, demande)
    recues, ecartees = set(recues), set(ecartees)
    if recues & ecartees:
        raise JalonError("Une pièce est reçue ou inutile, pas les deux : corrigez votre choix.")
    nouvelles = {p.code: p for p in instruction.reglage().pieces}
    deja = set(demande.pieces.order_by("pk").values_list("code", flat=True))
    for code in ajoutees:
        if code in nouvelles and code not in deja:
            PieceDemandee.objects.create(demande=demande, code=code, libelle=nouvelles[code].libelle, demandee_le=jour)
    for piece in demande.pieces.select_for_update(of=("self",)).order_by("pk"):
        piece.recue_le = (piece.recue_le or jour) if piece.code in recues else None
        piece.ecartee_le = (piece.ecartee_le or jour) if piece.code in ecartees else None
        piece.save(update_fields=["recue_le", "ecartee_le"])
    manquantes = [p.libelle for p in demande.pieces.order_by("pk") if p.manque]
    de = demande.etat
    demande.etat = EtatDemande.PIECES_ATTENDUES if manquantes else EtatDemande.DEPOSEE
    demande.save(update_fields=["etat"])
    reste = f"il manque {len(manquantes)} pièce{'s' if len(manquantes) > 1 else ''}" if manquantes else "rien ne manque"
    _tracer(
        "pieces_notees", demande, acteur=acteur, perimetre=perimetre, de=de, resume=f"Pièces justificatives : {reste}"
    )
    return demande


# --- Complément (R05)


@transaction.atomic
def noter_information(
    demande: DemandeInstruction, *, acteur: Agent, perimetre: Perimetre, le: date | None = None
) -> DemandeInstruction:
    """Note que la personne a été informée de ses droits et de ses devoirs (R03), et par qui."""
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    _exiger_due(demande, demande.information_le, "La personne a déjà été informée de ses droits et devoirs")
    demande.information_le, demande.information_par = _jour(le, demande), acteur
    _completer(demande)
    demande.save(update_fields=["information_le", "information_par", "complement_le"])
    _refermer_si_fini(demande)
    _tracer(
        "information_donnee", demande, acteur=acteur, perimetre=perimetre,
        resume=f"Informée de ses droits et devoirs le {demande.information_le:%d/%m/%Y}",
    )  # fmt: skip
    return demande


@transaction.atomic
def noter_donnees(
    demande: DemandeInstruction, *, acteur: Agent, perimetre: Perimetre, le: date | None = None
) -> DemandeInstruction:
    """Note que les données socioprofessionnelles sont recueillies (R04, appui à l'orientation)."""
    perimetre.exiger(DROIT)
    return _recueillir(demande, acteur=acteur, perimetre=perimetre, le=le)


def constater_recueil(
    personne: Personne, *, acteur: Agent, perimetre: Perimetre, le: date | None = None
) -> DemandeInstruction | None:
    """Le recueil vient d'être saisi par ailleurs : la demande qui l'attendait le sait (R12). Rien sans demande.

    L'appelant a vérifié son propre droit.
    """
    attendue = (
        DemandeInstruction.objects.filter(personne=personne, donnees_le=None, depot_le__lte=_jour(le))
        .exclude(etat=EtatDemande.SANS_SUITE)
        .order_by("-depot_le", "-pk")
        .first()
    )
    return _recueillir(attendue, acteur=acteur, perimetre=perimetre, le=le) if attendue is not None else None


@transaction.atomic
def _recueillir(
    demande: DemandeInstruction, *, acteur: Agent, perimetre: Perimetre, le: date | None
) -> DemandeInstruction:
    demande = _verrouiller(demande)
    _exiger_due(demande, demande.donnees_le, "Les données sont déjà recueillies")
    demande.donnees_le, demande.donnees_par = _jour(le, demande), acteur
    _completer(demande)
    demande.save(update_fields=["donnees_le", "donnees_par", "complement_le"])
    _refermer_si_fini(demande)
    _tracer(
        "donnees_recueillies", demande, acteur=acteur, perimetre=perimetre,
        resume=f"Données socioprofessionnelles recueillies le {demande.donnees_le:%d/%m/%Y}",
    )  # fmt: skip
    return demande


def _exiger_due(demande: DemandeInstruction, faite_le: date | None, deja: str) -> None:
    if demande.etat == EtatDemande.SANS_SUITE:
        raise TransitionRefuseeError("Cette demande est sans suite : plus rien n'est à compléter.")
    if faite_le is not None:
        raise TransitionRefuseeError(f"{deja}, le {faite_le:%d/%m/%Y} : rien n'a changé.")


def _completer(demande: DemandeInstruction) -> None:
    """I16 : le complément est fait quand l'information est donnée et, si elles sont dues, les données recueillies."""
    dues = [demande.information_le, *([demande.donnees_le] if demande.donnees_dues else [])]
    faites = [le for le in dues if le is not None]
    demande.complement_le = max(faites) if len(faites) == len(dues) else None


def _refermer_si_fini(demande: DemandeInstruction) -> None:
    """Plus rien n'est dû : l'organisme qui instruisait n'a plus besoin du dossier à ce titre (B1)."""
    fini = demande.etat == EtatDemande.SANS_SUITE or (
        demande.close_le is not None and demande.complement_le is not None
    )
    if fini:
        with effets_complets():
            refermer_dossier(demande.personne, demande.organisme, jour=timezone.localdate())


@transaction.atomic
def preciser_soumission(
    demande: DemandeInstruction, *, acteur: Agent, perimetre: Perimetre, soumise: bool | None
) -> DemandeInstruction:
    """Change l'avis du premier contact sur la soumission aux droits et devoirs ; la caisse la dira ensuite (R23)."""
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    _exiger_due(demande, None, "")
    demande.soumise = soumise
    _completer(demande)
    demande.save(update_fields=["soumise", "complement_le"])
    mots = {True: "soumise", False: "non soumise", None: "à déterminer"}
    _tracer(
        "soumission_precisee", demande, acteur=acteur, perimetre=perimetre,
        resume=f"Soumission aux droits et devoirs, à première vue : {mots[soumise]}",
    )  # fmt: skip
    return demande


@transaction.atomic
def noter_simulation(
    demande: DemandeInstruction,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    source: str,
    hypothese: str,
    montant: Decimal,
    faite_le: date | None = None,
) -> SimulationDroit:
    """Garde le résultat d'une simulation montrée à la personne (R03, F021) : rien n'est calculé ici."""
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    if not source.strip() or not hypothese.strip():
        raise JalonError(
            "Écrivez l'outil employé et l'hypothèse montrée à la personne : sans eux, le montant ne dit rien."
        )
    if montant < 0:
        raise JalonError("Le montant simulé ne peut pas être négatif.")
    simulation = SimulationDroit.objects.create(
        demande=demande, faite_le=_jour(faite_le, demande), source=source.strip(), hypothese=hypothese.strip(),
        montant=montant, saisie_par=acteur,
    )  # fmt: skip
    _tracer(
        "simulation_notee", demande, acteur=acteur, perimetre=perimetre,
        resume=f"Simulation montrée à la personne : {simulation.hypothese}",
    )  # fmt: skip
    return simulation


# --- Le chemin de la demande


@transaction.atomic
def instruire_demande(
    demande: DemandeInstruction, *, acteur: Agent, perimetre: Perimetre, le: date | None = None
) -> DemandeInstruction:
    """Dit la demande instruite : toutes les pièces sont là, vérifiées avec ce que la personne a dit (R04)."""
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    pas = exiger_pas(demande, "instruire")
    manquantes = [p.libelle for p in demande.pieces.order_by("pk") if p.manque]
    if manquantes:
        raise TransitionRefuseeError(
            f"Il manque encore : {', '.join(manquantes)}. Notez ces pièces comme reçues, ou inutiles, avant de conclure."
        )
    de, demande.etat, demande.instruite_le = demande.etat, pas.vers, _jour(le, demande)
    demande.save(update_fields=["etat", "instruite_le"])
    _tracer(
        "instruite", demande, acteur=acteur, perimetre=perimetre, de=de, resume="Demande instruite : dossier complet"
    )
    return demande


@transaction.atomic
def transmettre_demande(
    demande: DemandeInstruction,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    caisse: str,
    numero_demande: str = "",
    le: date | None = None,
) -> DemandeInstruction:
    """Transmet la demande complète à l'organisme payeur, avec le numéro qu'il donne s'il est connu."""
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    pas = exiger_pas(demande, "transmettre")
    if not caisse.strip():
        raise JalonError("Choisissez l'organisme payeur à qui la demande est transmise.")
    jour = _jour(le, demande)
    if demande.instruite_le is not None and jour < demande.instruite_le:
        raise JalonError(
            f"La demande a été instruite le {demande.instruite_le:%d/%m/%Y} : la transmission vient après."
        )
    de, demande.etat, demande.transmise_le = demande.etat, pas.vers, jour
    demande.caisse, demande.numero_demande = caisse.strip(), numero_demande.strip()
    demande.save(update_fields=["etat", "transmise_le", "caisse", "numero_demande"])
    _tracer(
        "transmise", demande, acteur=acteur, perimetre=perimetre, de=de, resume=f"Demande transmise : {demande.caisse}"
    )
    return demande


@transaction.atomic
def noter_retour(
    demande: DemandeInstruction, *, acteur: Agent, perimetre: Perimetre, motif: str, le: date | None = None
) -> DemandeInstruction:
    """L'organisme payeur renvoie la demande incomplète : elle attend de nouveau des pièces (R10)."""
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    pas = exiger_pas(demande, "retourner")
    if not motif.strip():
        raise JalonError("Dites ce que l'organisme payeur réclame : la personne devra l'apporter.")
    jour = _jour(le, demande)
    RetourDemande.objects.create(demande=demande, retournee_le=jour, motif=motif.strip(), saisi_par=acteur)
    de, demande.etat, demande.instruite_le, demande.transmise_le = demande.etat, pas.vers, None, None
    demande.save(update_fields=["etat", "instruite_le", "transmise_le"])
    _tracer(
        "retournee", demande, acteur=acteur, perimetre=perimetre, de=de, motif=motif.strip(),
        resume="Demande renvoyée incomplète par l'organisme payeur",
    )  # fmt: skip
    return demande


@transaction.atomic
def classer_sans_suite(
    demande: DemandeInstruction, *, acteur: Agent, perimetre: Perimetre, motif: str, le: date | None = None
) -> DemandeInstruction:
    """Clôt une demande qui n'aboutira pas, avec un motif de la liste du profil."""
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    exiger_pas(demande, "classer")
    connu = next((m for m in instruction.reglage().motifs_sans_suite if m.code == motif), None)
    if connu is None:
        raise JalonError("Choisissez dans la liste pourquoi cette demande n'aura pas de suite.")
    return _clore(demande, acteur=acteur, perimetre=perimetre, motif=connu.libelle, le=_jour(le, demande))


def _clore(
    demande: DemandeInstruction, *, acteur: Agent | None, perimetre: Perimetre | None, motif: str, le: date
) -> DemandeInstruction:
    de, demande.etat, demande.motif_sans_suite, demande.close_le = demande.etat, EtatDemande.SANS_SUITE, motif, le
    demande.save(update_fields=["etat", "motif_sans_suite", "close_le"])
    _refermer_si_fini(demande)
    _tracer("classee", demande, acteur=acteur, perimetre=perimetre, de=de, motif=motif, resume=f"Sans suite : {motif}")
    return demande


@transaction.atomic
def confier_demande(
    demande: DemandeInstruction, *, acteur: Agent, perimetre: Perimetre, organisme: Organisme, motif: str
) -> DemandeInstruction:
    """Confie l'instruction à un autre lieu, d'accord avec la personne (F019). La date de dépôt ne change pas."""
    perimetre.exiger(DROIT)
    demande = _verrouiller(demande)
    exiger_pas(demande, "confier")
    jour = timezone.localdate()
    if organisme.pk == demande.organisme_id:
        raise JalonError("Cet organisme instruit déjà la demande : choisissez-en un autre.")
    if not instruction.lieux_habilites(jour).filter(pk=organisme.pk).exists():
        raise JalonError(f"{organisme} n'est pas habilité à instruire une demande : choisissez un autre organisme.")
    if not motif.strip():
        raise JalonError("Dites pourquoi la demande change de lieu : la personne et le nouveau service le liront.")
    avant = demande.organisme
    with effets_complets():
        refermer_dossier(demande.personne, avant, jour=jour)
        ouvrir_dossier(demande.personne, organisme, raison=RaisonPartage.INSTRUCTION, jour=jour)
        demande.organisme = organisme
        demande.save(update_fields=["organisme"])
        _tracer(
            "confiee", demande, acteur=acteur, perimetre=perimetre, motif=motif.strip(),
            resume=f"Demande confiée par {avant} à {organisme}",
        )  # fmt: skip
    return demande


# --- Liquidation


def dossier_attendu(demande: DemandeInstruction) -> DossierRsa | None:
    """Dossier que le flux a apporté pour cette demande : le numéro donné, ou le plus proche après le dépôt."""
    foyers = Rattachement.objects.filter(foyer=OuterRef("foyer"), personne=demande.personne_id, periode__isempty=False)
    dossiers = DossierRsa.objects.filter(Exists(foyers))
    if demande.numero_demande:
        numeros = {demande.numero_demande, demande.numero_demande.zfill(11)}
        connu = dossiers.filter(numero_demande__in=numeros).order_by("-date_demande", "-pk").first()
        if connu is not None:
            return connu
    # La caisse date la demande du premier jour du mois du dépôt.
    return dossiers.filter(date_demande__gte=demande.depot_le.replace(day=1)).order_by("date_demande", "pk").first()


def decision_recue(demande: DemandeInstruction) -> Situation | None:
    """Ce que la caisse a décidé de cette demande : droit ouvert ou refusé. Rien tant qu'elle n'a pas tranché."""
    dossier = dossier_attendu(demande)
    if dossier is None:
        return None
    tranches = EtatDossier.ouverts() | {EtatDossier.REFUSE}
    situations = Situation.objects.filter(dossier=dossier, periode__endswith=None, etat__in=tranches)
    return situations.select_related("dossier").order_by("-pk").first()


@transaction.atomic
def liquider_demande(
    demande: DemandeInstruction, *, acteur: Agent | None, perimetre: Perimetre | None
) -> DemandeInstruction:
    """Lie la demande au dossier que la caisse a ouvert ; un droit refusé la clôt sans suite.

    Sans `acteur`, c'est l'arrivée du flux qui parle. Lève `TransitionRefuseeError` si aucun flux n'a rien apporté.
    """
    if perimetre is not None:
        perimetre.exiger(DROIT)
    elif acteur is not None:
        raise DroitManquantError("Un agent lie une demande dans son périmètre.")
    demande = _verrouiller(demande)
    pas = exiger_pas(demande, "liquider")
    situation = decision_recue(demande)
    if situation is None:
        raise TransitionRefuseeError(
            "La caisse n'a pas encore transmis de décision sur cette demande : elle arrivera avec son prochain fichier."
        )
    demande.dossier = situation.dossier
    if situation.etat == EtatDossier.REFUSE:
        demande.save(update_fields=["dossier"])
        refus = situation.refus_le or situation.periode.lower
        return _clore(demande, acteur=acteur, perimetre=perimetre, motif=REFUS_CAISSE, le=max(refus, demande.depot_le))
    de, demande.etat = demande.etat, pas.vers
    demande.liquidee_le = max(
        _liquidation(situation.dossier, demande.depot_le, situation.periode.lower), demande.depot_le
    )
    demande.close_le = demande.liquidee_le
    demande.save(update_fields=["dossier", "etat", "liquidee_le", "close_le"])
    _refermer_si_fini(demande)
    _tracer(
        "liquidee", demande, acteur=acteur, perimetre=perimetre, de=de,
        resume=f"Droit ouvert par la caisse, liquidé le {demande.liquidee_le:%d/%m/%Y}",
    )  # fmt: skip
    return demande


def _liquidation(dossier: DossierRsa, depot: date, flux: date) -> date:
    """Première liquidation que le flux date après le dépôt ; à défaut, la date du flux qui ouvre le droit."""
    premiere = Evenement.objects.filter(dossier=dossier, liquide_le__gte=depot).order_by("liquide_le", "pk").first()
    return premiere.liquide_le if premiere is not None else flux


def rapprocher_demandes() -> int:
    """Lie aux dossiers reçus les demandes que les caisses ont tranchées ; rend combien. À appeler après un import."""
    membres = Rattachement.objects.filter(personne=OuterRef("personne"), foyer__dossiers__isnull=False)
    liees = 0
    for demande in DemandeInstruction.objects.filter(Exists(membres), close_le=None).order_by("pk"):
        try:
            liquider_demande(demande, acteur=None, perimetre=None)
        except TransitionRefuseeError:
            continue
        liees += 1
    return liees
