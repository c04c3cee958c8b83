"""Ce que la personne lit dans son livret, et rien d'autre : chaque lecture part de sa clé (D07, F015, RGPD art. 15).

Aucune de ces lectures ne joint la table des personnes, qui n'est pas ouverte à la personne : sous son rôle, une
jointure rendrait une liste vide. Le livret tient à elle et non à son référent, à son adresse ni à son droit : il reste
le même quand ils changent, après une sortie et un retour (R44).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch, Q
from django.utils import timezone

from jalon.accompagnements.models import DesignationCorrespondant, DesignationReferent
from jalon.contrats.enums import EtatContrat, EtatObjectif, QuiFait, a_terme
from jalon.contrats.models import BilanContrat, Contrat, Etape, Objectif, PassageContrat
from jalon.diagnostics.evolution import Evolution, Sens, evolution
from jalon.diagnostics.models import Passation, Reponse
from jalon.documents.ecriture import date_en_lettres
from jalon.documents.models import Document
from jalon.documents.perms import NATURES_POUR_LA_PERSONNE
from jalon.orientations.models import DecisionOrientation
from jalon.passeport.models import DemarchePersonnelle, Experience, ProfilCompetences
from jalon.passeport.titulaire import Titulaire
from jalon.referentiels.parametres import ajouter_mois, mot
from jalon.rendezvous.models import (
    EtatInvitation,
    EtatRendezVous,
    EtatReunion,
    Invitation,
    NoteEntretien,
    RendezVous,
)
from jalon.socle.errors import HorsPerimetreError
from jalon.traces.models import Acte

INTROUVABLE = "Nous ne trouvons pas cette page dans votre livret. Revenez à l'accueil."
A_ELLE = frozenset({QuiFait.PERSONNE, QuiFait.ENSEMBLE})


# --- Qui appeler


@dataclass(frozen=True)
class Interlocuteur:
    """Un professionnel qui suit la personne, et comment le joindre."""

    nom: str
    qualite: str
    organisme: str
    telephone: str
    courriel: str
    autre: str = ""
    depuis: date | None = None


def interlocuteurs(titulaire: Titulaire, jour: date) -> list[Interlocuteur]:
    """Le référent, puis le correspondant, s'ils sont nommés ce jour."""
    trouves: list[Interlocuteur] = []
    referent = (
        DesignationReferent.objects.filter(personne_id=titulaire.cle, periode__contains=jour)
        .select_related("agent", "organisme")
        .first()
    )
    if referent is not None:
        agent = referent.agent
        trouves.append(
            Interlocuteur(
                referent.nom, mot("referent").singulier, referent.organisme.libelle,
                (agent.telephone if agent else "") or referent.organisme.telephone,
                (agent.email if agent else "") or referent.organisme.courriel,
                referent.contact_externe, referent.periode.lower,
            )
        )  # fmt: skip
    correspondant = (
        DesignationCorrespondant.objects.filter(personne_id=titulaire.cle, periode__contains=jour)
        .select_related("agent")
        .first()
    )
    if correspondant is not None:
        trouves.append(
            Interlocuteur(
                str(correspondant.agent), mot("correspondant").singulier, "", correspondant.agent.telephone,
                correspondant.agent.email, depuis=correspondant.periode.lower,
            )
        )  # fmt: skip
    return trouves


# --- Rendez-vous


@dataclass(frozen=True)
class Rencontre:
    """Un rendez-vous ou une réunion, dit simplement."""

    quand: datetime
    quoi: str
    avec: str
    lieu: str
    etat: str
    modalite: str = ""
    visio: str = ""
    telephone: str = ""
    courriel: str = ""
    public_id: UUID | None = None
    prevenir: bool = False
    """Elle peut encore dire qu'elle ne viendra pas."""

    @property
    def passee(self) -> bool:
        return self.quand < timezone.now()


ETATS_RENDEZ_VOUS = {
    EtatRendezVous.FIXE: "",
    EtatRendezVous.HONORE: "Vous y étiez",
    EtatRendezVous.EXCUSE: "Vous nous aviez prévenus",
    EtatRendezVous.MANQUE: "Rendez-vous manqué",
    EtatRendezVous.ANNULE: "Annulé par le service",
    EtatRendezVous.REPORTE: "Reporté à une autre date",
}
ETATS_INVITATION = {
    EtatInvitation.PRESENTE: "Vous y étiez",
    EtatInvitation.EXCUSEE: "Vous nous aviez prévenus",
    EtatInvitation.ABSENTE: "Réunion manquée",
}


def rencontres(titulaire: Titulaire) -> list[Rencontre]:
    """Tous ses rendez-vous et ses réunions, le plus récent d'abord."""
    maintenant = timezone.now()
    lues = [
        Rencontre(
            r.debut, r.get_objet_display(), str(r.agent) if r.agent else r.organisme.libelle, r.lieu,
            ETATS_RENDEZ_VOUS.get(EtatRendezVous(r.etat), ""), r.modalite, r.adresse_visio,
            (r.agent.telephone if r.agent else "") or r.organisme.telephone,
            (r.agent.email if r.agent else "") or r.organisme.courriel, r.public_id,
            r.etat == EtatRendezVous.FIXE and r.debut > maintenant,
        )
        for r in RendezVous.objects.filter(personne_id=titulaire.cle)
        .select_related("agent", "organisme")
        .order_by("-debut", "-pk")
    ]  # fmt: skip
    for i in (
        Invitation.objects.filter(personne_id=titulaire.cle)
        .exclude(etat=EtatInvitation.ANNULEE)
        .select_related("reunion__protocole__type", "reunion__organisateur")
        .order_by("pk")
    ):
        reunion = i.reunion
        service = reunion.organisateur
        annulee = "Annulée par le service" if reunion.etat == EtatReunion.ANNULEE else ""
        quand = timezone.make_aware(datetime.combine(reunion.date, reunion.debut))
        lues.append(
            Rencontre(
                quand, reunion.protocole.type.libelle,
                service.libelle if service else "", f"{reunion.lieu}, {reunion.adresse}".strip(", "),
                annulee or ETATS_INVITATION.get(EtatInvitation(i.etat), ""),
                telephone=service.telephone if service else "", courriel=service.courriel if service else "",
                public_id=i.public_id,
                prevenir=not annulee and i.etat in EtatInvitation.attendues() and quand > maintenant,
            )
        )  # fmt: skip
    return sorted(lues, key=lambda r: r.quand, reverse=True)


def prochaine(lues: Iterable[Rencontre]) -> Rencontre | None:
    """La prochaine qui tient toujours ; celle d'aujourd'hui reste montrée deux heures après son début."""
    limite = timezone.now() - timedelta(hours=2)
    tenues = [r for r in lues if r.quand > limite and not r.etat]
    return min(tenues, key=lambda r: r.quand) if tenues else None


# --- Contrats, objectifs, étapes


@dataclass
class ObjectifLu:
    """Un objectif et ses étapes, avec qui y a touché en dernier."""

    objectif: Objectif
    etapes: list[Etape]
    mise_a_jour: str = ""

    @property
    def comptees(self) -> list[Etape]:
        return [e for e in self.etapes if e.etat != EtatObjectif.ABANDONNE]

    @property
    def faites(self) -> int:
        return sum(e.etat == EtatObjectif.ATTEINT for e in self.comptees)

    @property
    def part(self) -> int:
        return 100 * self.faites // len(self.comptees) if self.comptees else 0

    @property
    def fini(self) -> bool:
        return self.objectif.etat == EtatObjectif.ATTEINT


@dataclass
class ContratLu:
    """Un contrat, ce qu'il en est en mots simples, et ses papiers."""

    contrat: Contrat
    objectifs: list[ObjectifLu] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    a_valider_avant: date | None = None
    mise_a_jour: str = ""

    @property
    def vivant(self) -> bool:
        return self.contrat.etat in EtatContrat.vivants()

    @property
    def s_ecrit(self) -> bool:
        """Elle peut y mettre ses mots ; un contrat écrit ailleurs n'a rien à remplir ici."""
        return self.contrat.etat in EtatContrat.ecrits() and self.contrat.version_id is not None

    @property
    def se_signe(self) -> bool:
        """Son texte est arrêté et attend sa signature."""
        return self.contrat.etat == EtatContrat.A_SIGNER and self.contrat.version_id is not None

    @property
    def en_retard(self) -> bool:
        return self.a_valider_avant is not None and self.a_valider_avant < timezone.localdate()

    @property
    def _fin(self) -> date | None:
        return self.contrat.periode.upper if self.contrat.periode is not None else None

    @property
    def dernier_jour(self) -> date | None:
        """Sa période ne comprend pas sa borne de fin."""
        return self._fin - timedelta(days=1) if self._fin is not None else None

    @property
    def a_terme(self) -> bool:
        return a_terme(self.contrat.etat, self._fin, timezone.localdate())

    @property
    def etat_en_mots(self) -> str:
        return A_TERME if self.a_terme else ETATS_CONTRAT[EtatContrat(self.contrat.etat)]


A_TERME = "Arrivé à terme, la suite se décide avec vous"
ETATS_CONTRAT = {
    EtatContrat.BROUILLON: "En cours d'écriture, avec vous",
    EtatContrat.A_SIGNER: "À relire et à signer",
    EtatContrat.SIGNE_PERSONNE: "Signé par vous",
    EtatContrat.SIGNE: "Signé, en attente de réponse du Département",
    EtatContrat.RECU: "Reçu par le Département",
    EtatContrat.EN_LECTURE: "Lu par le Département",
    EtatContrat.RENVOYE: "À reprendre avec vous",
    EtatContrat.EN_VIGUEUR: "En cours",
    EtatContrat.BILAN: "En cours, bilan fait",
    EtatContrat.RENOUVELE: "Terminé et renouvelé",
    EtatContrat.TERMINE: "Terminé",
    EtatContrat.ROMPU: "Arrêté avant la fin",
    EtatContrat.ABANDONNE: "Laissé de côté",
}


def contrats_lus(titulaire: Titulaire) -> list[ContratLu]:
    """Ses contrats, le plus récent d'abord, avec objectifs, étapes et papiers, en six requêtes."""
    contrats = list(
        Contrat.objects.filter(personne_id=titulaire.cle)
        .select_related("type", "organisme", "referent")
        .order_by("-ouvert_le", "-pk")
        .prefetch_related(
            Prefetch("objectifs", Objectif.objects.select_related("theme").order_by("rang", "pk")),
            Prefetch("objectifs__etapes", Etape.objects.order_by("rang", "pk")),
            Prefetch("bilans", BilanContrat.objects.exclude(clos_le=None).order_by("date", "pk")),
        )
    )
    papiers = {d.pk: d for d in documents_de(titulaire)}
    par_objectif = {
        o.pk: [o.public_id, *(e.public_id for e in o.etapes.all())] for c in contrats for o in c.objectifs.all()
    }
    objets = [c.public_id for c in contrats] + [objet for objets in par_objectif.values() for objet in objets]
    touches = dernieres_touches(titulaire, objets)
    return [
        ContratLu(
            c,
            [ObjectifLu(o, list(o.etapes.all()), mise_a_jour(touches, par_objectif[o.pk])) for o in c.objectifs.all()],
            [papiers[cle] for cle in (c.document_id, *(b.document_id for b in c.bilans.all())) if cle in papiers],
            _a_valider_avant(c),
            mise_a_jour(touches, [c.public_id]),
        )
        for c in contrats
    ]


def _a_valider_avant(contrat: Contrat) -> date | None:
    """Le délai court aussi pour le service : la personne sait quand il doit lui répondre (R49)."""
    if contrat.etat not in EtatContrat.a_valider() or contrat.signe_le is None:
        return None
    return ajouter_mois(contrat.signe_le, contrat.type.delai_validation)


def contrat_du_moment(contrats: list[ContratLu]) -> ContratLu | None:
    """Celui qui court, sinon celui qui se prépare."""
    vivants = [c for c in contrats if c.vivant]
    prepares = [c for c in contrats if c.contrat.etat in EtatContrat.en_preparation()]
    return next(iter([*vivants, *prepares]), None)


def contrat_de(titulaire: Titulaire, public_id: UUID) -> Contrat:
    """Un de ses contrats, s'il s'écrit dans Jalon. Lève `HorsPerimetreError`."""
    contrat = (
        Contrat.objects.filter(personne_id=titulaire.cle, public_id=public_id, version__isnull=False)
        .select_related("type", "organisme")
        .first()
    )
    if contrat is None:
        raise HorsPerimetreError(INTROUVABLE)
    return contrat


def etape_de(titulaire: Titulaire, public_id: UUID) -> Etape:
    """Une étape d'un de ses contrats. Lève `HorsPerimetreError`."""
    etape = (
        Etape.objects.filter(objectif__contrat__personne_id=titulaire.cle, public_id=public_id)
        .select_related("objectif__contrat")
        .first()
    )
    if etape is None:
        raise HorsPerimetreError(INTROUVABLE)
    return etape


# --- Grilles


MOUVEMENTS = {
    Sens.AMELIORE: "c'est plus facile qu'avant",
    Sens.STABLE: "comme la dernière fois",
    Sens.DEGRADE: "c'est plus difficile qu'avant",
    Sens.INCONNU: "",
}


@dataclass(frozen=True)
class Question:
    """Une question de la grille : où la personne en était, où elle en est, en mots."""

    libelle: str
    avant: str
    maintenant: str
    sens: str
    mouvement: str


@dataclass(frozen=True)
class GrilleLue:
    """Toutes les fois où une même grille a été remplie, et ce qui a bougé depuis la première."""

    titre: str
    jours: tuple[date, ...]
    avec: str
    questions: tuple[Question, ...]
    suivi: Evolution

    @property
    def plusieurs(self) -> bool:
        return len(self.jours) > 1


def grilles_lues(titulaire: Titulaire) -> list[GrilleLue]:
    """Une entrée par grille du département qu'elle a remplie."""
    lues = list(
        Passation.objects.filter(personne_id=titulaire.cle)
        .select_related("version__grille", "saisie_par", "organisme")
        .prefetch_related(
            Prefetch("reponses", Reponse.objects.select_related("item", "echelon").order_by("item__rang"))
        )
        .order_by("-date_passation", "-pk")
    )
    par_grille: dict[int, list[Passation]] = {}
    for passation in lues:
        par_grille.setdefault(passation.version.grille_id, []).append(passation)
    return [_grille(passations) for passations in par_grille.values()]


def _grille(passations: list[Passation]) -> GrilleLue:
    suivi = evolution(passations)
    questions = []
    for trajet in suivi.trajets:
        repondus = trajet.repondus
        if not repondus:
            continue
        avant = repondus[0].libelle if len(repondus) > 1 else ""
        questions.append(
            Question(trajet.libelle, avant, repondus[-1].libelle, str(trajet.sens), MOUVEMENTS[trajet.sens])
        )
    derniere = passations[0]
    avec = ", ".join(
        filter(None, (str(derniere.saisie_par or ""), derniere.organisme.libelle if derniere.organisme else ""))
    )
    return GrilleLue(derniere.version.grille.libelle, suivi.jours, avec, tuple(questions), suivi)


# --- Papiers, entretiens, démarches, compétences


def documents_de(titulaire: Titulaire) -> list[Document]:
    """Papiers écrits pour elle. La liste des natures est celle de la sécurité par ligne (`documents.perms`)."""
    return list(
        Document.objects.filter(personne__in=titulaire.dossiers, nature__in=NATURES_POUR_LA_PERSONNE).order_by(
            "-cree_le", "-pk"
        )
    )


def document_de(titulaire: Titulaire, public_id: UUID) -> Document:
    """Un de ses papiers. Lève `HorsPerimetreError`."""
    trouve = next((d for d in documents_de(titulaire) if d.public_id == public_id), None)
    if trouve is None:
        raise HorsPerimetreError(INTROUVABLE)
    return trouve


def notes_de(titulaire: Titulaire) -> list[NoteEntretien]:
    """Les trois parts de chaque note : les faits, ses mots, et l'analyse, qui est aussi une donnée sur elle (art. 15)."""
    return list(
        NoteEntretien.objects.filter(personne_id=titulaire.cle).select_related("auteur").order_by("-date", "-pk")
    )


def demarches_de(titulaire: Titulaire) -> list[DemarchePersonnelle]:
    return list(
        DemarchePersonnelle.objects.filter(personne_id=titulaire.cle)
        .select_related("notee_par")
        .order_by("-faite_le", "-pk")
    )


def competences_de(titulaire: Titulaire) -> ProfilCompetences:
    """Son profil ; vide, et non enregistré, si rien n'est encore écrit."""
    lu = ProfilCompetences.objects.filter(personne_id=titulaire.cle).select_related("modifie_par").first()
    return lu or ProfilCompetences(personne_id=titulaire.cle, numero=0)


def experiences_de(titulaire: Titulaire) -> list[Experience]:
    """Les plus récentes d'abord ; sans date, à la fin."""
    lues = list(Experience.objects.filter(personne_id=titulaire.cle).order_by("pk"))
    return sorted(lues, key=lambda e: (-(e.annee_fin or 9999 if e.annee_debut else 0), -(e.annee_debut or 0), e.pk))


# --- Mises à jour et histoire


def dernieres_touches(titulaire: Titulaire, objets: list[UUID]) -> dict[UUID, Acte]:
    """Le dernier acte que le journal connaît sur chaque objet."""
    actes = (
        Acte.objects.filter(objet__in=objets, personnes__overlap=titulaire.dossiers)
        .select_related("acteur")
        .order_by("accompli_le", "pk")
    )
    return {acte.objet: acte for acte in actes if acte.objet is not None}  # le dernier l'emporte


def mise_a_jour(touches: dict[UUID, Acte], objets: list[UUID]) -> str:
    """« mis à jour par … le … » du plus récent de ces objets, vide si rien n'est connu."""
    actes = [touches[objet] for objet in objets if objet in touches]
    if not actes:
        return ""
    dernier = max(actes, key=lambda acte: acte.accompli_le)
    return signature(str(dernier.acteur) if dernier.acteur else "vous", dernier.organisme, dernier.accompli_le)


def signature(qui: str, organisme: str, le: datetime | date) -> str:
    """« mis à jour par Paul Modèle (CCAS d'Arras) le 3 novembre 2026 »."""
    jour = timezone.localtime(le).date() if isinstance(le, datetime) else le
    de = f" ({organisme})" if organisme else ""
    return f"mis à jour par {qui}{de} le {date_en_lettres(jour)}"


@dataclass(frozen=True)
class Fait:
    """Une date de l'histoire de la personne."""

    le: date
    titre: str
    detail: str = ""
    par: str = ""
    icone: str = "point"


def histoire(titulaire: Titulaire) -> list[Fait]:
    """Ce qui s'est passé, du plus récent au plus ancien, quel que soit le référent, l'adresse ou l'organisme (R44)."""
    faits: list[Fait] = []
    jour = timezone.localdate()
    referents = (
        DesignationReferent.objects.filter(personne_id=titulaire.cle, periode__isempty=False)
        .select_related("agent", "organisme", "designe_par")
        .order_by("pk")
    )
    for d in referents:
        nouveau = f"{d.nom} devient votre {mot('referent').singulier}"
        faits.append(Fait(d.periode.lower, nouveau, d.organisme.libelle, str(d.designe_par or ""), "user-check"))
        if d.periode.upper is not None and d.periode.upper <= jour:
            faits.append(
                Fait(d.periode.upper, f"{d.nom} n'est plus votre {mot('referent').singulier}", icone="user-minus")
            )
    decisions = (
        DecisionOrientation.objects.filter(personne_id=titulaire.cle, annulee_le=None)
        .select_related("type", "organisme", "decidee_par")
        .order_by("pk")
    )
    faits += [
        Fait(d.decidee_le, d.type.libelle, d.organisme.libelle, str(d.decidee_par or ""), "route") for d in decisions
    ]
    passages = (
        PassageContrat.objects.filter(contrat__personne_id=titulaire.cle)
        .select_related("contrat__type", "par")
        .order_by("pk")
    )
    faits += [
        Fait(p.le, f"{p.contrat.type.libelle} : {ETATS_CONTRAT[EtatContrat(p.vers)].lower()}", p.motif,
             str(p.par or "vous"), "file-text")
        for p in passages
    ]  # fmt: skip
    faits += [
        Fait(p.date_passation, f"{p.version.grille.libelle} remplie", "", str(p.saisie_par or ""), "list-check")
        for p in Passation.objects.filter(personne_id=titulaire.cle)
        .select_related("version__grille", "saisie_par")
        .order_by("pk")
    ]
    faits += [
        Fait(timezone.localdate(r.quand), r.quoi, r.etat, r.avec, "calendar") for r in rencontres(titulaire) if r.passee
    ]
    etapes = Etape.objects.filter(
        Q(etat=EtatObjectif.ATTEINT), objectif__contrat__personne_id=titulaire.cle, faite_le__isnull=False
    ).order_by("pk")
    faits += [Fait(e.faite_le, f"Étape faite : {e.intitule}", icone="check") for e in etapes if e.faite_le]
    faits += [
        Fait(d.faite_le, d.intitule, d.resultat, "vous" if d.par_la_personne else str(d.notee_par or ""), "shoe")
        for d in demarches_de(titulaire)
    ]
    return sorted(faits, key=lambda fait: fait.le, reverse=True)
